import { list, plain } from "../../../store/plain.ts";

/** metav1.LabelSelector; an empty or absent one selects everything. */
export function selectsLabels(selector: unknown, labels: Readonly<Record<string, string>> = {}): boolean {
  const { matchLabels, matchExpressions } = plain(selector);
  return (
    Object.entries(plain(matchLabels)).every(([key, value]) => labels[key] === value) &&
    list(matchExpressions).every((expression) => holds(plain(expression) as unknown as Expression, labels))
  );
}

interface Expression {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values?: readonly string[];
}

function holds({ key, operator, values = [] }: Expression, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[key];
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}
