/* The documentation page: send events without leaving the page. */

import { send, swap } from "/static/page.js";

for (const form of document.querySelectorAll(".try form"))
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = form.querySelector(".answer");
    const button = form.querySelector("button");
    button.disabled = true;
    answer.replaceChildren(Object.assign(document.createElement("span"), { className: "spinner" }));
    try {
      swap(answer, await send("/docs/try", new URLSearchParams(new FormData(form))));
    } catch (error) {
      const message = Object.assign(document.createElement("p"), { className: "note bad", textContent: error.message });
      message.setAttribute("role", "alert");
      answer.replaceChildren(message);
    }
    button.disabled = false;
  });
