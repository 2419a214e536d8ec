/** The first lines of a text, and how many more it has. What is not shown is not taken apart: a text may have megabytes. */
export function firstLines(text: string, max: number): { readonly lines: string[]; readonly more: number } {
  const lines: string[] = [];
  let at = 0;
  while (lines.length < max) {
    const end = text.indexOf("\n", at);
    if (end < 0) return { lines: [...lines, text.slice(at)], more: 0 };
    lines.push(text.slice(at, end));
    at = end + 1;
  }
  let more = 1;
  for (let end = text.indexOf("\n", at); end >= 0; end = text.indexOf("\n", end + 1)) more++;
  return { lines, more };
}
