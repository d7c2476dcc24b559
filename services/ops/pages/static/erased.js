/* The erasure page: show the receipts while they arrive. */

import { listen, swap } from "/static/page.js";

const receipts = document.getElementById("receipts");
listen(`/live/erased?${receipts.dataset.query}`, { receipts: (html) => swap(receipts, html) });
