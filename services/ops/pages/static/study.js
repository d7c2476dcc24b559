/* The blind test: start it, mark pictures, and choose in pairs with a click or an arrow key. */

import { busy, send, swap } from "/static/page.js";
import { picture } from "/static/pictures.js";

const SENT_AT_ONCE = 8;
const start = document.getElementById("start");
const step = document.getElementById("step");

/** Open a new test on own pictures, or on the samples. */
async function open(own) {
  const { study } = JSON.parse(await send("/study/start", { own: own.length > 0 }));
  for (let first = 0; first < own.length; first += SENT_AT_ONCE) {
    const pictures = own.slice(first, first + SENT_AT_ONCE).map(({ uri, alt }) => ({ uri, alt: alt.slice(0, 256) }));
    await send("/study/pictures", { study, pictures });
  }
  location.assign(`/study?study=${study}`);
}

function prepareStart() {
  const least = Number(start.dataset.least);
  const most = Number(start.dataset.most);
  const own = new Map();
  const chosen = document.getElementById("chosen");
  const button = document.getElementById("own");

  async function add(files) {
    let unreadable = 0;
    for (const file of [...files]) {
      if (own.size >= most) break;
      const small = await picture(file);
      if (small) own.set(small.id, small);
      else unreadable += 1;
      chosen.textContent = `${own.size} pictures`;
    }
    const missing = least - own.size;
    const left = unreadable ? `; ${unreadable} files are no pictures that this browser can read` : "";
    const rest = own.size >= most ? `; ${most} is the largest number` : missing > 0 ? `; add ${missing} more` : "";
    chosen.textContent = `${own.size} pictures${rest}${left}`;
    button.disabled = missing > 0;
  }

  for (const id of ["files", "folder"])
    document.getElementById(id).addEventListener("change", (event) => add(event.target.files));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    add(event.dataTransfer.files);
  });
  button.addEventListener("click", () => busy(start, () => open([...own.values()])));
  document.getElementById("samples").addEventListener("click", () => busy(start, () => open([])));
}

function prepareStep() {
  const { study } = step.dataset;
  let isSending = false;

  /** Send one change at a time: an arrow key that is held down must not choose in many pairs. */
  async function change(work) {
    if (isSending) return;
    isSending = true;
    await busy(step, work);
    isSending = false;
  }

  async function mark(button) {
    const pick = button.closest(".pick");
    const side = button.getAttribute("aria-pressed") === "true" ? null : button.dataset.side;
    const marks = JSON.parse(await send("/study/mark", { study, picture: pick.dataset.picture, side }));
    pick.dataset.mark = side ?? "";
    for (const one of pick.querySelectorAll("[data-side]"))
      one.setAttribute("aria-pressed", String(one.dataset.side === side));
    step.querySelector("#count strong").textContent = marks.liked + marks.disliked;
    step.querySelector("#missing").textContent = marks.missing ?? "";
    step.querySelector("#predict").disabled = marks.missing !== null;
  }

  /** Show the next step, and move the focus to its title for the keyboard and screen readers. */
  function show(html) {
    swap(step, html);
    step.querySelector("#step-title").focus();
  }

  const choose = (side) =>
    change(async () => {
      const number = Number(step.querySelector("[data-number]").dataset.number);
      show(await send("/study/choose", { study, number, side }));
    });

  step.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.id === "predict") {
      step.querySelector("#missing").textContent = "predicting 30 pairs; this takes a few seconds";
      change(async () => show(await send("/study/predict", { study })));
    } else if (button.classList.contains("choice-picture")) choose(button.dataset.side);
    else change(() => mark(button));
  });
  addEventListener("keydown", (event) => {
    const side = { ArrowLeft: "left", ArrowRight: "right" }[event.key];
    if (!side || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    if (!step.querySelector("[data-number]")) return;
    event.preventDefault();
    choose(side);
  });
  document.getElementById("erase").addEventListener("click", () =>
    busy(step, async () => {
      await send("/study/erase", { study });
      location.assign("/study");
    }),
  );
}

if (start) prepareStart();
if (step) prepareStep();
