/* The user page: send corrections in place, show the changed taste, load the history. */

import { busy, listen, load, sendFormsInPlace, swap } from "/static/page.js";

const taste = document.getElementById("taste");
const history = document.getElementById("history");

sendFormsInPlace(taste, "correction sent; the taste will change");
const show = (html) => {
  // Do not replace a form while the user types in it.
  if (!taste.querySelector("details[open] :focus")) swap(taste, html);
};
listen(`/live/editor?${taste.dataset.query}`, { profile: show, changed: show });
busy(history, async () => swap(history, await load(`/user/history?${history.dataset.query}`)));
