type Input = Readonly<Record<string, unknown>>;

/** Characters of the longest input that is shown in one line. */
const ONE_LINE = 100;

/** A tool's name and its input for people: a command as in a shell; else names and values, in one line where it is short. */
export function toolCall(name: string, input: unknown): string {
  if (!isInput(input)) return input === undefined ? name : `${name} ${plain(input)}`;
  if (name === "Bash" && typeof input.command === "string") return command(input.command, input.description);
  const parts = Object.entries(input).map(([key, value]) => `${key}:${valueText(value)}`);
  const line = [name, parts.join(" · ")].filter(Boolean).join(" ");
  return line.length <= ONE_LINE && !line.includes("\n") ? line : [name, ...parts].join("\n");
}

function command(text: string, description: unknown): string {
  const comment = typeof description === "string" ? description.trim() : "";
  if (comment === "") return `$ ${text}`;
  return text.includes("\n") || text.length + comment.length > ONE_LINE
    ? `# ${comment}\n$ ${text}`
    : `$ ${text}  # ${comment}`;
}

function valueText(value: unknown): string {
  if (typeof value === "string" && value.includes("\n")) return `\n${indented(value)}`;
  if (Array.isArray(value) && value.some(isInput)) return `\n${indented(value.map(plain).join("\n"))}`;
  return ` ${plain(value)}`;
}

const indented = (text: string): string => text.replaceAll(/^/gm, "  ");

const isInput = (value: unknown): value is Input =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const plain = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
