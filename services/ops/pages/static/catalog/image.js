/* The page of one image: load its audience, which takes longer than the rest. */

import { load, swap } from "/static/page.js";

const audience = document.getElementById("audience");

if (audience.querySelector(".spinner")) {
  audience.setAttribute("aria-busy", "true");
  try {
    swap(audience, await load(audience.dataset.source));
  } catch (error) {
    const note = document.createElement("p");
    note.className = "empty";
    note.textContent = error.message;
    audience.replaceChildren(note);
  }
  audience.removeAttribute("aria-busy");
}
