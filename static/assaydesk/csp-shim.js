/* The content security policy refuses style attributes. Plotly writes them through setAttribute; the same
   declarations set through the style object are allowed. Loaded before plotly. */
(() => {
  const original = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function setAttribute(name, value) {
    if (name.toLowerCase() === "style" && this.style) {
      this.style.cssText = value;
    } else {
      original.call(this, name, value);
    }
  };
})();
