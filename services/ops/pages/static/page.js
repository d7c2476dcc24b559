/* Functions for all pages: send a change, replace a part of the page, listen, show a message. */

const token = document.querySelector('meta[name="csrf-token"]').content;

/** Send JSON or a form. Returns the text of the response, or throws an error with a message. */
export async function send(address, body, method = "POST") {
  const json = !(body instanceof URLSearchParams || body instanceof FormData);
  const headers = { "X-CSRF-Token": token, Accept: "*/*" };
  if (json) headers["Content-Type"] = "application/json";
  return read(await fetch(address, { method, headers, body: json ? JSON.stringify(body) : body }));
}

/** Load a part of a page. */
export async function load(address) {
  return read(await fetch(address));
}

async function read(response) {
  const text = await response.text();
  if (response.ok) return text;
  let message = `${response.status} ${response.statusText}`;
  if (response.headers.get("content-type")?.includes("json")) message = JSON.parse(text).detail ?? message;
  throw new Error(message);
}

/** Parse a part outside of the page, so that its images are not loaded yet. */
export function parsed(html) {
  return new DOMParser().parseFromString(html, "text/html").body;
}

/** Replace the content of an element. */
export function swap(element, html) {
  const part = typeof html === "string" ? parsed(html) : html;
  element.replaceChildren(...part.childNodes);
}

/** Handle server-sent events by name. Each carries a JSON string. The browser reconnects itself. */
export function listen(address, handlers) {
  const source = new EventSource(address);
  for (const [name, handle] of Object.entries(handlers))
    source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  addEventListener("pagehide", () => source.close());
  return source;
}

let clearing;
/** Show a short message for six seconds. */
export function notify(text) {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  clearTimeout(clearing);
  clearing = setTimeout(() => (toast.textContent = ""), 6000);
}

/** Run `work` with the element marked as busy, and show an error as a message. */
export async function busy(element, work) {
  element.setAttribute("aria-busy", "true");
  try {
    return await work();
  } catch (error) {
    notify(error.message);
    return undefined;
  } finally {
    element.removeAttribute("aria-busy");
  }
}

/** Send forms with `data-stays` inside an element without leaving the page. */
export function sendFormsInPlace(element, message) {
  element.addEventListener("submit", async (event) => {
    if (!event.target.matches("[data-stays]")) return;
    event.preventDefault();
    const form = event.target;
    await busy(form, async () => {
      // Not `form.action`: a form field with the name `action` hides it.
      await send(form.getAttribute("action"), new URLSearchParams(new FormData(form)));
      document.activeElement?.blur();
      notify(message);
    });
  });
}
