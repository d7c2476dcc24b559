/* One person's page: corrections without leaving it, the taste as it changes, the history. */

import { busy, formsStay, listen, load, swap } from "/static/page.js";

const taste = document.getElementById("taste");
const history = document.getElementById("history");

formsStay(taste, "sent; the taste follows");
const show = (html) => {
  // Whoever is typing is not disturbed.
  if (!taste.querySelector("details[open] :focus")) swap(taste, html);
};
listen(`/live/editor?${taste.dataset.query}`, { profile: show, changed: show });
busy(history, async () => swap(history, await load(`/user/history?${history.dataset.query}`)));
