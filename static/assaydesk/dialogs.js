/* A link that leads to a form's own page opens the same form as a dialog, where the page has it. */
(() => {
  /* The button repeats what is chosen; without this script it would go on naming the first choice. */
  function nameChoice(form) {
    const told = form.querySelector("[data-chosen-name]");
    const chosen = form.querySelector("input[data-name]:checked");
    if (told) {
      told.textContent = chosen ? ` to ${chosen.dataset.name}` : "";
    }
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("dialog input[data-name]")) {
      nameChoice(event.target.form);
    }
  });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.dialog);
      if (!dialog) {
        return;
      }
      event.preventDefault();
      const wanted = new URL(opener.href).searchParams.get("to");
      const choice = wanted
        ? dialog.querySelector(`input[name=to][value="${CSS.escape(wanted)}"]`)
        : dialog.querySelector("input[name=to][checked]");
      if (choice) {
        choice.checked = true;
      }
      dialog.querySelectorAll("form").forEach(nameChoice);
      dialog.showModal();
      dialog.querySelector("textarea")?.focus();
    } else if (event.target.closest("dialog [data-closes-dialog]")) {
      event.preventDefault();
      event.target.closest("dialog").close();
    }
  });
})();
