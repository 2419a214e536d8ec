/** What values.yaml says of each value: its default, and in the comment above it what it is for. */
import { isMap, isPair, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";

export interface Value {
  readonly key: string;
  readonly description: string;
  readonly default: unknown;
  /** Null for a value that is given as a whole, such as a list or a map of the user's own keys. */
  readonly values: readonly Value[] | null;
}

/** Throws where a value has no description. */
export function readValues(text: string): readonly Value[] {
  const { contents } = parseDocument(text);
  if (!isMap(contents)) throw new Error("values.yaml is not a map");
  return valuesIn(contents, "", contents.commentBefore ?? "");
}

/** `first`: the parser gives a map the comment above its first key. */
function valuesIn(map: YAMLMap, path: string, first: string): readonly Value[] {
  return map.items.filter(isPair).map((pair, index) => readValue(pair, path, index === 0 ? first : ""));
}

function readValue({ key, value }: Pair, path: string, first: string): Value {
  if (!isScalar(key)) throw new Error(`a key below ${path || "the root"} is no text`);
  const own = `${path}${String(key.value)}`;
  const description = (key.commentBefore ?? first).trim().replaceAll(/\n\s*/g, " ");
  if (!description) throw new Error(`values.yaml: ${own} has no comment`);
  const whole = { key: own, description, values: null };
  if (!isMap(value)) return { ...whole, default: isScalar(value) ? value.value : toPlain(value) };
  // A map whose first key is described has values of its own; any other is a value.
  const [head] = value.items;
  const comment = value.commentBefore ?? (isPair(head) && isScalar(head.key) ? head.key.commentBefore : undefined);
  if (value.items.length === 0 || !comment) return { ...whole, default: value.toJSON() };
  return { ...whole, default: value.toJSON(), values: valuesIn(value, `${own}.`, comment) };
}

const toPlain = (value: unknown): unknown => (value as { toJSON(): unknown } | null)?.toJSON() ?? null;
