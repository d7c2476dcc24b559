/* Collect picture files of a drop or a folder, and shrink them so that they fit into an event. */

const SIDE = 512;
const QUALITY = 0.85;

/** Return a file as an id (hash of its content), a data: address and its name; null if it is no image. */
export async function picture(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return null;
  }
  const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const uri = canvas.toDataURL("image/webp", QUALITY);
  return { id: `picture-${await digest(uri)}`, uri, alt: file.name };
}

async function digest(text) {
  // Browsers offer hashing only on loopback and over TLS.
  if (!crypto.subtle) return Math.random().toString(16).slice(2, 14);
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...bytes.slice(0, 6)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const NO_PICTURES = /(^|\/)(\.|__MACOSX\/|@eaDir\/)|\.(txt|json|xml|html?|pdf|docx?|mov|mp4|avi|mp3|zip|db|ini|xmp|aae)$/i;

/** Files of a drop, with those in dropped folders. Call it before the first await of the event. */
export async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const files = [...transfer.files]; // The lists of a drop are empty after the first await.
  if (!entries.some((entry) => entry.isDirectory)) return files;
  const all = [];
  for (const entry of entries) await collect(entry, all);
  return all;
}

async function collect(entry, into) {
  if (entry.isFile) {
    const file = await new Promise((done) => entry.file(done, () => done(null)));
    if (file && !NO_PICTURES.test(entry.fullPath)) into.push(file);
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((done) => reader.readEntries(done, () => done([])));
    if (!some.length) return;
    for (const child of some) await collect(child, into);
  }
}

/** Files of a folder of a file dialog, without those that are certainly no pictures. */
export function folderFiles(list) {
  return [...list].filter((file) => !NO_PICTURES.test(file.webkitRelativePath || file.name));
}

/** At most `most` files, at equal distances in their order. */
export function spread(files, most) {
  const step = Math.max(1, files.length / most);
  return Array.from({ length: Math.min(most, files.length) }, (_, number) => files[Math.floor(number * step)]);
}
