/* The overview, as it happens; it waits while nobody looks. */

import { listen, swap } from "/static/page.js";

const beat = document.getElementById("beat");
let source;

function follow() {
  source?.close();
  source = document.hidden ? undefined : listen("/live/overview", { beat: show });
}

function show(html) {
  const at = [...beat.querySelectorAll(".wide")].map((one) => one.scrollLeft);
  const held = [...beat.querySelectorAll(".wide")].indexOf(document.activeElement);
  swap(beat, html);
  const anew = [...beat.querySelectorAll(".wide")];
  anew.forEach((one, number) => (one.scrollLeft = at[number] ?? 0));
  anew[held]?.focus();
}

document.addEventListener("visibilitychange", follow);
follow();
