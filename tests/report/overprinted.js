// Pairs of words of the first live chart that are printed over each other.
() => {
  const texts = [...document.querySelector("figure .live svg").querySelectorAll("text")];
  const seen = texts.map(t => [t.textContent, t.getBoundingClientRect()]).filter(([w, b]) => w.trim() && b.width);
  const over = (a, b) => a.left < b.right - 2 && b.left < a.right - 2 && a.top < b.bottom - 2 && b.top < a.bottom - 2;
  return seen.flatMap(([w, a], i) => seen.slice(i + 1).filter(([, b]) => over(a, b)).map(([v]) => [w, v]));
}
