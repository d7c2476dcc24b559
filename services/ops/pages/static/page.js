/* What every page may need: send a change, swap a part of the page, listen, tell a person. */

const token = document.querySelector('meta[name="csrf-token"]').content;

/** Send JSON or a form; the answer's text, or an error with a reason for a person. */
export async function send(address, body, method = "POST") {
  const json = !(body instanceof URLSearchParams || body instanceof FormData);
  const headers = { "X-CSRF-Token": token, Accept: "*/*" };
  if (json) headers["Content-Type"] = "application/json";
  return read(await fetch(address, { method, headers, body: json ? JSON.stringify(body) : body }));
}

/** A part of a page. */
export async function load(address) {
  return read(await fetch(address));
}

async function read(answer) {
  const text = await answer.text();
  if (answer.ok) return text;
  let told = `${answer.status} ${answer.statusText}`;
  if (answer.headers.get("content-type")?.includes("json")) told = JSON.parse(text).detail ?? told;
  throw new Error(told);
}

/** The elements of a part, not yet on the page: pictures in it are not fetched. */
export function parsed(html) {
  return new DOMParser().parseFromString(html, "text/html").body;
}

export function swap(element, html) {
  const part = typeof html === "string" ? parsed(html) : html;
  element.replaceChildren(...part.childNodes);
}

/** Server-sent events by name; each carries a string. The browser connects again by itself. */
export function listen(address, told) {
  const source = new EventSource(address);
  for (const [name, act] of Object.entries(told))
    source.addEventListener(name, (event) => act(JSON.parse(event.data)));
  addEventListener("pagehide", () => source.close());
  return source;
}

let quiet;
export function tell(text) {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  clearTimeout(quiet);
  quiet = setTimeout(() => (toast.textContent = ""), 6000);
}

/** Do something that takes a moment; what goes wrong is told. */
export async function busy(element, work) {
  element.setAttribute("aria-busy", "true");
  try {
    return await work();
  } catch (error) {
    tell(error.message);
    return undefined;
  } finally {
    element.removeAttribute("aria-busy");
  }
}

/** Forms marked `data-stays` inside an element are sent without leaving the page. */
export function formsStay(element, told) {
  element.addEventListener("submit", async (event) => {
    if (!event.target.matches("[data-stays]")) return;
    event.preventDefault();
    const form = event.target;
    await busy(form, async () => {
      // Not `form.action`: a field of that name would hide it.
      await send(form.getAttribute("action"), new URLSearchParams(new FormData(form)));
      document.activeElement?.blur();
      tell(told);
    });
  });
}
