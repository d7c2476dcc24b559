/* The playground: mark references, rank, give feedback, and show the changed taste. */

import { busy, listen, load, notify, parsed, send, swap } from "/static/page.js";
import { picture } from "/static/pictures.js";

const root = document.getElementById("playground");
const tray = document.getElementById("tray");
const feed = document.getElementById("feed");
const ranking = document.getElementById("ranking");
const { user, tenant, query } = root.dataset;
const template = document.getElementById("pick");
const own = new Map();
const samplesLoaded = busy(tray, async () => swap(tray, await load(`/playground/samples?${query}`)));
let ranked = null;

const payloadOf = (id) => ({ image_id: id, uri: own.get(id)?.uri });
const MARKS = { reference_like: "liked", reference_dislike: "disliked" };

function mark(pick, side) {
  pick.dataset.mark = side;
  for (const button of pick.querySelectorAll("[data-act]"))
    button.setAttribute("aria-pressed", String(MARKS[button.dataset.act] === side));
}

async function act(element, button, more = {}) {
  const type = button.dataset.act;
  await busy(element, async () => {
    await send("/playground/act", { user, tenant, type, picture: payloadOf(element.dataset.imageId), ...more });
    button.setAttribute("aria-pressed", "true");
    if (type in MARKS) mark(element, MARKS[type]);
    if (type === "dislike" || type === "hide") element.classList.add("done");
    notify(type === "click" ? "click sent; it counts only with a long viewing time" : `sent: ${type.replace("reference_", "")}`);
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

/** Unmarked pictures, own ones first, in an order that depends only on their ids. The first slate
 * of a user without any mark starts with the pictures that tell most about a taste. */
function candidates() {
  const picks = [...tray.querySelectorAll(".pick")];
  const unmarked = picks.filter((pick) => !pick.dataset.mark);
  const ids = unmarked.map((pick) => pick.dataset.imageId);
  const isNew = unmarked.length === picks.length;
  const questions = new Map(picks.map((pick) => [pick.dataset.imageId, Number(pick.dataset.question ?? Infinity)]));
  const place = (id) => (isNew ? questions.get(id) : 0);
  const samples = ids.filter((id) => !own.has(id)).sort((a, b) => (place(a) === place(b) ? hashOf(a) - hashOf(b) : place(a) - place(b)));
  return [...ids.filter((id) => own.has(id)), ...samples].slice(0, Number(ranking.many.value));
}

/** FNV-1a, 32 bits. */
function hashOf(text) {
  let hash = 2166136261;
  for (const letter of text) hash = Math.imul(hash ^ letter.codePointAt(0), 16777619) >>> 0;
  return hash;
}

async function rank(ids) {
  if (!ids.length) return notify("all pictures are marked; add some, or choose a new user");
  if (feed.hasAttribute("aria-busy")) return undefined;
  const shown = [...feed.querySelectorAll(".shown")];
  const before = Object.fromEntries(shown.map((card) => [card.dataset.imageId, Number(card.dataset.rank)]));
  const button = ranking.querySelector("button");
  button.disabled = true;
  await busy(feed, async () => {
    const part = parsed(await send("/playground/rank", { user, tenant, pictures: ids.map(payloadOf), before }));
    for (const card of part.querySelectorAll(".shown")) {
      const mine = own.get(card.dataset.imageId);
      if (mine) card.querySelector("img").src = mine.uri;
    }
    swap(feed, part);
    ranked = ids;
  });
  button.disabled = false;
  return undefined;
}

ranking.addEventListener("submit", (event) => {
  event.preventDefault();
  rank(candidates());
});
ranking.view.addEventListener("change", () => (feed.dataset.view = ranking.view.value));

let pending;
listen(`/live/profile?${query}`, {
  profile: (html) => swap(document.getElementById("taste"), html),
  changed: (html) => {
    swap(document.getElementById("taste"), html);
    clearTimeout(pending);
    if (ranked && ranking.again.checked) pending = setTimeout(() => rank(ranked), 300);
  },
});

/** Add own pictures: from the file dialog, from a drop, or from the clipboard. */
async function add(files) {
  const copied = [...files]; // The list of a drop is empty after the first await.
  await samplesLoaded;
  for (const file of copied) {
    const small = await picture(file);
    if (!small) {
      notify(`${file.name} is not a picture that this browser can read`);
      continue;
    }
    if (own.has(small.id)) continue;
    own.set(small.id, small);
    const pick = template.content.querySelector(".pick").cloneNode(true);
    pick.dataset.imageId = small.id;
    Object.assign(pick.querySelector("img"), { src: small.uri, alt: small.alt, title: small.alt });
    mark(pick, "");
    for (const [type, word] of [["reference_like", "Like"], ["reference_dislike", "Dislike"]])
      pick.querySelector(`[data-act=${type}]`).setAttribute("aria-label", `${word}: ${small.alt}`);
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
