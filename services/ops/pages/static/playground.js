/* The playground: mark references, rank, give feedback, and show the changed taste. */

import { busy, listen, load, notify, parsed, send, swap } from "/static/page.js";
import { droppedFiles, folderFiles, picture, spread } from "/static/pictures.js";

/** Own pictures of one drop; a folder of thousands is sampled. */
const MOST_OWN = 300;
/** Characters of all pictures of one request; the server takes a little more. */
const MOST_CHARACTERS = 3_600_000;
/** Of a sample, whose size is known to the server alone. */
const SAMPLE_CHARACTERS = 20_000;
/** Names of unreadable files in one message. */
const NAMED = 3;

const root = document.getElementById("playground");
const tray = document.getElementById("tray");
const feed = document.getElementById("feed");
const ranking = document.getElementById("ranking");
const { user, tenant, query } = root.dataset;
const template = document.getElementById("pick");
const progress = document.getElementById("progress");
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
  const more = event.target.closest("[data-cursor]");
  if (more) loadMore(more);
  const button = event.target.closest("[data-act]");
  const shown = button?.closest(".shown");
  if (!shown) return;
  // Each page of a feed from the catalog is a request of its own.
  const request_id = shown.closest(".page").querySelector("[data-request-id]").dataset.requestId;
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
  return fitting([...ids.filter((id) => own.has(id)), ...samples].slice(0, Number(ranking.many.value)));
}

/** The first pictures that fit into one event; the message says when some do not. */
function fitting(ids) {
  let left = MOST_CHARACTERS;
  const first = ids.filter((id) => (left -= own.get(id)?.uri.length ?? SAMPLE_CHARACTERS) >= 0);
  if (first.length < ids.length) notify(`${first.length} of ${ids.length} pictures fit into one request`);
  return first;
}

/** FNV-1a, 32 bits. */
function hashOf(text) {
  let hash = 2166136261;
  for (const letter of text) hash = Math.imul(hash ^ letter.codePointAt(0), 16777619) >>> 0;
  return hash;
}

const isCatalog = () => ranking.source?.value === "catalog";

/** One page of a feed, in an element of its own: it has its own request id and ranks. */
function pageOf(html) {
  const page = document.createElement("div");
  page.className = "stack page";
  page.append(...parsed(html).childNodes);
  return page;
}

const ranksOf = (cards) => Object.fromEntries(cards.map((card) => [card.dataset.imageId, Number(card.dataset.rank)]));

const catalogPage = (more) => send("/playground/feed", { user, tenant, count: Math.min(Number(ranking.many.value), 48), ...more });

async function rankCatalog() {
  if (feed.hasAttribute("aria-busy")) return;
  const before = ranksOf([...feed.querySelectorAll(".page:first-child .shown")]);
  const button = ranking.querySelector("button");
  button.disabled = true;
  await busy(feed, async () => {
    feed.replaceChildren(pageOf(await catalogPage({ before })));
    watchEnd();
    ranked = [];
  });
  button.disabled = false;
}

/** Load the next page: by a click, by the keyboard, or when the end comes into view. */
async function loadMore(button) {
  if (button.disabled) return;
  button.disabled = true;
  const hasFocus = document.activeElement === button;
  await busy(feed, async () => {
    const page = pageOf(await catalogPage({ cursor: button.dataset.cursor }));
    button.closest(".more").remove();
    feed.append(page);
    watchEnd();
    // A keyboard user continues at the first new picture.
    if (hasFocus) page.querySelector(".shown button")?.focus();
  });
  button.disabled = false;
}

const end = new IntersectionObserver((entries) => {
  for (const entry of entries)
    if (entry.isIntersecting) {
      end.disconnect();
      loadMore(entry.target);
    }
}, { rootMargin: "300px" });

function watchEnd() {
  end.disconnect();
  const button = feed.querySelector("[data-cursor]");
  if (button) end.observe(button);
}

async function rank(ids) {
  if (isCatalog()) return rankCatalog();
  if (!ids.length) return notify("all pictures are marked; add some, or choose a new user");
  if (feed.hasAttribute("aria-busy")) return undefined;
  const shown = [...feed.querySelectorAll(".shown")];
  const before = ranksOf(shown);
  const button = ranking.querySelector("button");
  button.disabled = true;
  await busy(feed, async () => {
    const page = pageOf(await send("/playground/rank", { user, tenant, pictures: ids.map(payloadOf), before }));
    for (const card of page.querySelectorAll(".shown")) {
      const mine = own.get(card.dataset.imageId);
      if (mine) card.querySelector("img").src = mine.uri;
    }
    feed.replaceChildren(page);
    ranked = ids;
  });
  button.disabled = false;
  return undefined;
}

ranking.addEventListener("submit", (event) => {
  event.preventDefault();
  rank(isCatalog() ? [] : candidates());
});
ranking.source?.addEventListener("change", () => (ranked = null));
ranking.view.addEventListener("change", () => (feed.dataset.view = ranking.view.value));

let pending;
listen(`/live/profile?${query}`, {
  profile: (html) => swap(document.getElementById("taste"), html),
  changed: (html) => {
    swap(document.getElementById("taste"), html);
    clearTimeout(pending);
    // A feed of several pages is not replaced under the reader.
    if (feed.querySelectorAll(".page").length > 1) return;
    if (ranked && ranking.again.checked) pending = setTimeout(() => rank(ranked), 300);
  },
});

/** Add own pictures: from a file dialog, from a drop, or from the clipboard. */
async function add(files) {
  const chosen = spread([...files], MOST_OWN);
  const unreadable = [];
  let added = 0;
  await samplesLoaded;
  for (const [number, file] of chosen.entries()) {
    if (chosen.length > 9) progress.textContent = `reading ${number + 1} of ${chosen.length}`;
    const small = await picture(file);
    if (!small) unreadable.push(file.name);
    else if (!own.has(small.id)) added += show(small);
  }
  progress.textContent = chosen.length < files.length ? `${chosen.length} of ${files.length} files were read` : "";
  const problem = unreadable.length && `this browser cannot read ${listed(unreadable)} as a picture; convert HEIC to JPEG first`;
  if (!chosen.length) notify("there is no picture in it");
  else if (problem) notify(added ? `${added} pictures added; ${problem}` : problem);
}

function listed(names) {
  const more = names.length - NAMED;
  return names.slice(0, NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Show an own picture at the beginning of the tray; a reference of before keeps its place. */
function show(small) {
  own.set(small.id, small);
  if (tray.querySelector(`[data-image-id="${CSS.escape(small.id)}"]`)) return 0;
  const pick = template.content.querySelector(".pick").cloneNode(true);
  pick.dataset.imageId = small.id;
  Object.assign(pick.querySelector("img"), { src: small.uri, alt: small.alt, title: small.alt });
  mark(pick, "");
  for (const [type, word] of [["reference_like", "Like"], ["reference_dislike", "Dislike"]])
    pick.querySelector(`[data-act=${type}]`).setAttribute("aria-label", `${word}: ${small.alt}`);
  tray.prepend(pick);
  return 1;
}

document.getElementById("files").addEventListener("change", (event) => add(event.target.files));
document.getElementById("folder").addEventListener("change", (event) => add(folderFiles(event.target.files)));
addEventListener("paste", (event) => add([...(event.clipboardData?.files ?? [])]));
addEventListener("dragover", (event) => {
  event.preventDefault();
  root.classList.add("dropping");
});
for (const name of ["dragleave", "drop"]) addEventListener(name, () => root.classList.remove("dropping"));
addEventListener("drop", async (event) => {
  event.preventDefault();
  add(await droppedFiles(event.dataTransfer));
});
