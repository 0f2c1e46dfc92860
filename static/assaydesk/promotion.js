/* The promotion page while gates run: refreshing keeps what the reader opened and typed. */
(() => {
  const parts = "#gates-part, #moved";
  let opened = [];
  let focused = null;

  const store = () => `words:${location.pathname.replace(/(promotions\/\d+\/).*/, "$1")}`;

  /* Somebody is writing a reason there: the next refresh comes soon enough. */
  const isWrittenIn = (part) =>
    [...part.querySelectorAll("input:not([type=hidden]), textarea")].some(
      (field) => field === document.activeElement || field.value !== field.defaultValue,
    );

  document.addEventListener("htmx:beforeSwap", (event) => {
    const part = event.detail.target;
    if (!part.matches(parts)) {
      return;
    }
    const asked = new URL(event.detail.xhr.responseURL).pathname;
    if (!location.pathname.startsWith(asked)) {
      event.detail.shouldSwap = false; // signed out meanwhile: the answer is the sign-in page
      stopped();
    } else if (isWrittenIn(part)) {
      event.detail.shouldSwap = false;
    }
    opened = [...part.querySelectorAll("details[open]")].map((details) => details.parentElement.id);
    focused = part.contains(document.activeElement) ? document.activeElement.closest("li")?.id : null;
  });

  document.addEventListener("htmx:afterSwap", () => {
    const shown = document.querySelectorAll("#gates-part li[id] > details");
    for (const details of shown) {
      details.open = details.open || opened.includes(details.parentElement.id);
    }
    if (focused) {
      document.getElementById(focused)?.querySelector("summary")?.focus();
      focused = null;
    }
  });

  function stopped() {
    document.getElementById("updates-stopped").hidden = false;
  }
  document.addEventListener("htmx:sendError", stopped);
  document.addEventListener("htmx:responseError", stopped);

  /* "Reload" shows the new evidence and brings the written words along. Ticks are given afresh, to what is there. */
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keeps-words]")) {
      const words = [...document.querySelectorAll("textarea")].filter((field) => field.value);
      sessionStorage.setItem(store(), JSON.stringify(words.map((field) => [field.id, field.value])));
    }
  });
  const kept = sessionStorage.getItem(store());
  if (kept) {
    sessionStorage.removeItem(store());
    for (const [id, value] of JSON.parse(kept)) {
      const field = document.getElementById(id);
      if (field && !field.value) {
        field.value = value;
      }
    }
  }
})();
