/* Small comforts. Every page works whole without them. */
(() => {
  const typing = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;

  document.addEventListener("keydown", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const search = document.querySelector(".find input");
    if (event.key === "/" && plain && search && !typing(event.target)) {
      event.preventDefault();
      search.focus();
    }
    const menu = document.querySelector(".menu[open]");
    if (event.key === "Escape" && menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  document.addEventListener("click", (event) => {
    const menu = document.querySelector(".menu[open]");
    if (menu && !menu.contains(event.target)) {
      menu.open = false;
    }
  });

  /* The theme changes in place: a reload would throw away words typed into a form of the page. */
  function show(theme) {
    if (theme === "system") {
      delete document.documentElement.dataset.theme;
    } else {
      document.documentElement.dataset.theme = theme;
    }
    for (const button of document.querySelectorAll(".theme-choice button")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches(".theme-choice")) {
      return;
    }
    event.preventDefault();
    const form = event.target;
    fetch(form.action, { method: "POST", body: new FormData(form, event.submitter), redirect: "manual" });
    show(event.submitter.value);
  });
})();
