/* The playground: marks, ranking, clicks, and the taste that follows them. */

import { busy, listen, load, parsed, send, swap, tell } from "/static/page.js";
import { picture } from "/static/pictures.js";

const root = document.getElementById("playground");
const tray = document.getElementById("tray");
const feed = document.getElementById("feed");
const ranking = document.getElementById("ranking");
const { user, tenant, query } = root.dataset;
const blank = document.getElementById("pick");
const own = new Map();
const offered = busy(tray, async () => swap(tray, await load(`/playground/samples?${query}`)));
let ranked = null;

const sent = (id) => ({ image_id: id, uri: own.get(id)?.uri });
const MARKS = { reference_like: "liked", reference_dislike: "disliked" };

function mark(pick, said) {
  pick.dataset.mark = said;
  for (const button of pick.querySelectorAll("[data-act]"))
    button.setAttribute("aria-pressed", String(MARKS[button.dataset.act] === said));
}

async function act(element, button, more = {}) {
  const type = button.dataset.act;
  await busy(element, async () => {
    await send("/playground/act", { user, tenant, type, picture: sent(element.dataset.imageId), ...more });
    button.setAttribute("aria-pressed", "true");
    if (type in MARKS) mark(element, MARKS[type]);
    if (type === "dislike" || type === "hide") element.classList.add("done");
    tell(type === "click" ? "clicked: a click counts once it is looked at for long" : `sent: ${type.replace("reference_", "")}`);
  });
}

tray.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button) act(button.closest(".pick"), button);
});

feed.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  const shown = button?.closest(".shown");
  if (!shown) return;
  const request_id = feed.querySelector("[data-request-id]").dataset.requestId;
  act(shown, button, { request_id, position: Number(shown.dataset.rank) });
});

/** Those that are not marked, own pictures first; the same again when the taste has changed. */
function chosen() {
  const free = [...tray.querySelectorAll(".pick")].filter((pick) => !pick.dataset.mark);
  const ids = free.map((pick) => pick.dataset.imageId);
  const spread = ids.filter((id) => !own.has(id)).sort((a, b) => order(a) - order(b));
  return [...ids.filter((id) => own.has(id)), ...spread].slice(0, Number(ranking.many.value));
}

function order(text) {
  let hash = 2166136261;
  for (const letter of text) hash = Math.imul(hash ^ letter.codePointAt(0), 16777619) >>> 0;
  return hash;
}

async function rank(ids) {
  if (!ids.length) return tell("every picture is marked; add some, or be somebody new");
  if (feed.hasAttribute("aria-busy")) return undefined;
  const shown = [...feed.querySelectorAll(".shown")];
  const before = Object.fromEntries(shown.map((one) => [one.dataset.imageId, Number(one.dataset.rank)]));
  const button = ranking.querySelector("button");
  button.disabled = true;
  await busy(feed, async () => {
    const part = parsed(await send("/playground/rank", { user, tenant, pictures: ids.map(sent), before }));
    for (const one of part.querySelectorAll(".shown")) {
      const mine = own.get(one.dataset.imageId);
      if (mine) one.querySelector("img").src = mine.uri;
    }
    swap(feed, part);
    ranked = ids;
  });
  button.disabled = false;
  return undefined;
}

ranking.addEventListener("submit", (event) => {
  event.preventDefault();
  rank(chosen());
});
ranking.view.addEventListener("change", () => (feed.dataset.view = ranking.view.value));

let soon;
listen(`/live/profile?${query}`, {
  profile: (html) => swap(document.getElementById("taste"), html),
  changed: (html) => {
    swap(document.getElementById("taste"), html);
    clearTimeout(soon);
    if (ranked && ranking.again.checked) soon = setTimeout(() => rank(ranked), 300);
  },
});

/* Own pictures: chosen, dropped or pasted. */
async function add(files) {
  const given = [...files]; // what a drop carries is gone after the first wait
  await offered;
  for (const file of given) {
    const made = await picture(file);
    if (!made) {
      tell(`${file.name} is no picture that this browser can read`);
      continue;
    }
    if (own.has(made.id)) continue;
    own.set(made.id, made);
    const pick = blank.content.querySelector(".pick").cloneNode(true);
    pick.dataset.imageId = made.id;
    Object.assign(pick.querySelector("img"), { src: made.uri, alt: made.alt, title: made.alt });
    mark(pick, "");
    for (const [type, word] of [["reference_like", "Like"], ["reference_dislike", "Dislike"]])
      pick.querySelector(`[data-act=${type}]`).setAttribute("aria-label", `${word}: ${made.alt}`);
    tray.prepend(pick);
  }
}

document.getElementById("files").addEventListener("change", (event) => add(event.target.files));
addEventListener("paste", (event) => add(event.clipboardData?.files ?? []));
addEventListener("dragover", (event) => {
  event.preventDefault();
  root.classList.add("dropping");
});
for (const name of ["dragleave", "drop"]) addEventListener(name, () => root.classList.remove("dropping"));
addEventListener("drop", (event) => {
  event.preventDefault();
  add(event.dataTransfer.files);
});
