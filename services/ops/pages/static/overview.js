/* The overview: live updates, paused while the tab is hidden. */

import { listen, swap } from "/static/page.js";

const health = document.getElementById("health");
let source;

function follow() {
  source?.close();
  source = document.hidden ? undefined : listen("/live/overview", { health: show });
}

/** Replace the content, and keep the scroll positions and the focus of its tables. */
function show(html) {
  const before = [...health.querySelectorAll(".wide")];
  const positions = before.map((table) => table.scrollLeft);
  const focused = before.indexOf(document.activeElement);
  swap(health, html);
  const after = [...health.querySelectorAll(".wide")];
  after.forEach((table, number) => (table.scrollLeft = positions[number] ?? 0));
  after[focused]?.focus();
}

document.addEventListener("visibilitychange", follow);
follow();
