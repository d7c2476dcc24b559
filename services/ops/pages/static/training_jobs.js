/* Training jobs: reload the live part every few seconds while a job runs. */

import { load, parsed } from "./page.js";

const SECONDS = 5;

async function refresh() {
  const live = document.getElementById("live");
  if (live.dataset.running !== "true") return;
  try {
    const fresh = parsed(await load(location.href)).querySelector("#live");
    // Do not replace a part that has the keyboard focus.
    if (fresh && !live.contains(document.activeElement)) live.replaceWith(fresh);
  } catch {
    // The server does not answer at the moment; keep the last values and retry.
  }
  setTimeout(refresh, SECONDS * 1000);
}

setTimeout(refresh, SECONDS * 1000);
