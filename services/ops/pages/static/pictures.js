/* Shrink picture files so that they fit into an event. */

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
