/* Draws the figures of a page: <figure class="chart" data-figure="id of a JSON script">. Plotly is loaded once,
   after the page is readable. Colours are written as var(--token) in the JSON and read from the stylesheet here,
   so that every chart follows the theme. */
(() => {
  const bundle = document.currentScript.dataset.plotly;
  const options = {
    displayModeBar: false,
    displaylogo: false,
    responsive: true,
    scrollZoom: false,
    // Plotly offers to upload charts to its maker's server. Never.
    showSendToCloud: false,
    plotlyServerURL: "",
  };
  let loading;

  function loadPlotly() {
    loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = bundle;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => reject(new Error("plotly did not load"));
      document.head.append(script);
    });
    return loading;
  }

  /* SVG can't resolve light-dark(): the browser resolves it on an element made for that. */
  function colourReader() {
    const probe = document.createElement("span");
    probe.hidden = true;
    document.body.append(probe);
    return {
      read(token) {
        probe.style.color = `var(${token})`;
        return getComputedStyle(probe).color;
      },
      close: () => probe.remove(),
    };
  }

  function withColours(value, colours) {
    if (Array.isArray(value)) {
      return value.map((item) => withColours(item, colours));
    }
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withColours(item, colours)]));
    }
    const token = typeof value === "string" && value.match(/^var\((--[\w-]+)\)$/);
    return token ? colours.read(token[1]) : value;
  }

  function theme() {
    const axis = {
      gridcolor: "var(--line)", gridwidth: 1, linecolor: "var(--line-2)", zerolinecolor: "var(--edge)",
      zerolinewidth: 1, ticks: "", automargin: true, title: { font: { size: 12 }, standoff: 12 },
    };
    return {
      layout: {
        font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: "var(--ink-2)" },
        paper_bgcolor: "rgba(0,0,0,0)",
        plot_bgcolor: "rgba(0,0,0,0)",
        margin: { l: 48, r: 16, t: 24, b: 44 },
        dragmode: false,
        hovermode: "closest",
        showlegend: false,
        colorway: ["var(--series-1)", "var(--series-2)", "var(--series-3)"],
        hoverlabel: { bgcolor: "var(--page)", bordercolor: "var(--line-2)", font: { color: "var(--ink)", size: 13 } },
        xaxis: axis,
        yaxis: axis,
      },
    };
  }

  function draw(plotly, figure) {
    const box = figure.querySelector(".chart-box");
    const drawing = JSON.parse(document.getElementById(figure.dataset.figure).textContent);
    drawing.layout = { ...drawing.layout, template: theme() };
    const colours = colourReader();
    const coloured = withColours(drawing, colours);
    colours.close();
    box.hidden = false;
    return plotly.react(box, coloured.data, coloured.layout, options);
  }

  function tableInstead(figure) {
    figure.querySelector(".chart-box").hidden = true;
    figure.querySelector("details").open = true;
  }

  async function drawAll(root) {
    for (const figure of root.querySelectorAll("figure[data-figure]")) {
      try {
        await draw(await loadPlotly(), figure);
        figure.dataset.drawn = "";
      } catch (error) {
        console.error(error);
        tableInstead(figure);
      }
    }
  }

  /* Paper is as wide as it is, whatever the window was when a chart was drawn. */
  function fitAll(size) {
    for (const box of document.querySelectorAll("figure[data-drawn] .chart-box")) {
      window.Plotly.relayout(box, size);
    }
  }
  window.addEventListener("beforeprint", () => fitAll({ autosize: false, width: 680, height: 270 }));
  window.addEventListener("afterprint", () => fitAll({ autosize: true, width: undefined, height: undefined }));

  const redraw = () => drawAll(document);
  drawAll(document);
  document.addEventListener("htmx:afterSwap", (event) => drawAll(event.target));
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
})();
