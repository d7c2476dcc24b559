/* The catalog: refresh the progress while it changes, and search by a picture of the browser. */

import { busy, load, notify, parsed, send, swap } from "/static/page.js";
import { picture } from "/static/pictures.js";

const SECONDS = 3;
const progress = document.getElementById("progress");
const results = document.getElementById("results");
const { tenant } = progress.dataset;

async function refresh() {
  const shown = progress.querySelector("[data-changing]");
  if (document.visibilityState === "visible" && shown?.dataset.changing === "true") {
    try {
      swap(progress, await load(`/catalog/progress?tenant=${encodeURIComponent(tenant)}`));
    } catch {
      // The server does not answer at the moment; keep the last values and retry.
    }
  }
  setTimeout(refresh, SECONDS * 1000);
}

setTimeout(refresh, SECONDS * 1000);

document.getElementById("picture")?.addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  const small = await picture(file);
  event.target.value = "";
  if (!small) {
    notify(`this browser cannot read ${file.name} as a picture; convert HEIC to JPEG first`);
    return;
  }
  await busy(results, async () => swap(results, parsed(await send("/catalog/search", { uri: small.uri, tenant }))));
});
