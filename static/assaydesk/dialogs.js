/* A link that leads to a form's own page opens the same form as a dialog, where the page has it. */
(() => {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.dialog);
      if (!dialog) {
        return;
      }
      event.preventDefault();
      const wanted = new URL(opener.href).searchParams.get("to");
      const choice = wanted && dialog.querySelector(`input[name=to][value="${CSS.escape(wanted)}"]`);
      if (choice) {
        choice.checked = true;
      }
      dialog.showModal();
      dialog.querySelector("textarea")?.focus();
    } else if (event.target.closest("dialog [data-closes-dialog]")) {
      event.preventDefault();
      event.target.closest("dialog").close();
    }
  });
})();
