// Everything on the page is hovered, focused, pressed and clicked; the links that would leave it are told, not followed.
() => {
  const leave = new Set();
  const events = ["pointerover", "pointerenter", "mouseover", "mouseenter", "mousemove", "pointerdown", "mousedown",
    "mouseup", "dblclick", "contextmenu", "keydown", "keyup", "wheel", "dragstart", "drop", "copy", "paste", "scroll",
    "toggle", "animationstart", "transitionend", "mouseleave",
    "focus", "focusin", "blur", "focusout", "input", "change"]; // a window without a screen may never have the focus
  for (const element of document.querySelectorAll("*")) {
    const link = element.closest("a[href]");
    for (const name of events) element.dispatchEvent(new Event(name, { bubbles: true, cancelable: true }));
    if (element.tagName === "DETAILS") element.open = true;
    element.focus?.();
    if (link && link.href.split("#")[0] !== location.href.split("#")[0]) leave.add(link.href);
    else if (element.click) element.click();
    element.blur?.();
  }
  return [...leave].join("\n");
}
