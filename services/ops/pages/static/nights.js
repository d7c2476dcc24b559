/* A night that runs: its page is looked at again every few seconds, until it is over. */

import { load, parsed } from "./page.js";

const SECONDS = 5;

async function again() {
  const live = document.getElementById("live");
  if (live.dataset.running !== "true") return;
  try {
    const fresh = parsed(await load(location.href)).querySelector("#live");
    // What somebody reads by keyboard stays where it is.
    if (fresh && !live.contains(document.activeElement)) live.replaceWith(fresh);
  } catch {
    // We are away for a moment; what is shown was true when it was shown.
  }
  setTimeout(again, SECONDS * 1000);
}

setTimeout(again, SECONDS * 1000);
