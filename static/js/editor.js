// Make CKEditor 4 work where inline event handlers are forbidden. It writes its buttons as
// HTML with handlers in it; they are renamed before the browser sees them, and attached
// here. Only calls of CKEditor's own numbered functions are understood; nothing is evaluated.

const CALL = /^(?:return )?CKEDITOR\.tools\.callFunction\((\d+)((?:,[^()]*)?)\)/;
const EVENTS = ["blur", "click", "dragstart", "focus", "keydown", "keypress", "mousedown", "mouseover"];

const output = CKEDITOR.template.prototype.output;
CKEDITOR.template.prototype.output = function (data, buffer) {
  const html = output.call(this, data).replace(/\son([a-z]+)="/g, ' data-on$1="');
  return buffer ? buffer.push(html) : html;
};

function value(word, element, event) {
  if (word === "this") return element;
  if (word === "event") return event;
  return /^\d+$/.test(word) ? Number(word) : word.replace(/^'|'$/g, "");
}

function attach(element, type) {
  const code = element.getAttribute(`data-on${type}`);
  element.removeAttribute(`data-on${type}`);
  const call = CALL.exec(code);
  element.addEventListener(type, (event) => {
    let answer;
    if (call) {
      const words = call[2].split(",").slice(1).map((word) => value(word.trim(), element, event));
      answer = CKEDITOR.tools.callFunction(Number(call[1]), ...words);
    }
    if (/return false;?$/.test(code) || (code.startsWith("return") && answer === false)) event.preventDefault();
  });
}

function attachAll(root) {
  for (const type of EVENTS) {
    if (root.matches(`[data-on${type}]`)) attach(root, type);
    for (const element of root.querySelectorAll(`[data-on${type}]`)) attach(element, type);
  }
}

new MutationObserver((changes) => {
  for (const change of changes) {
    for (const node of change.addedNodes) if (node.nodeType === Node.ELEMENT_NODE) attachAll(node);
  }
}).observe(document, { childList: true, subtree: true });

// The buttons of its dialogs are links to "javascript:void(0)": going there is forbidden, too.
document.addEventListener("click", (event) => {
  if (event.target.closest('a[href^="javascript:"]')) event.preventDefault();
}, true);

// Its tab for uploads is a frame with a script, and nothing can be uploaded here. What resizes
// a dialog has a handler that does not come from a template.
CKEDITOR.on("dialogDefinition", ({ data }) => {
  data.definition.removeContents("upload");
  data.definition.resizable = CKEDITOR.DIALOG_RESIZE_NONE;
});

// Headings as buttons: the editor's own menu for them is a frame that nothing here reaches.
CKEDITOR.plugins.add("headings", {
  init(editor) {
    for (const [name, element] of [["Heading", "h3"], ["Subheading", "h4"]]) {
      const style = new CKEDITOR.style({ element });
      editor.addCommand(name, new CKEDITOR.styleCommand(style, { contextSensitive: true }));
      editor.attachStyleStateChange(style, (state) => editor.getCommand(name)?.setState(state));
      editor.ui.addButton(name, { label: editor.config.headings[name], command: name });
    }
  },
});

// The editor hides the field that the label belongs to.
CKEDITOR.on("instanceReady", ({ editor }) => {
  const label = document.querySelector(`label[for="${editor.name}"]`);
  if (!label) return;
  editor.editable().setAttribute("aria-label", label.textContent.trim().replace(/:$/, ""));
  label.addEventListener("click", () => editor.focus());
});
