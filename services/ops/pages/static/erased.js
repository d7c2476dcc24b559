/* The receipts of an erasure, as they come. */

import { listen, swap } from "/static/page.js";

const receipts = document.getElementById("receipts");
listen(`/live/erased?${receipts.dataset.query}`, { receipts: (html) => swap(receipts, html) });
