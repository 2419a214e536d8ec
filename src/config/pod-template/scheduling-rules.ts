/** What the parts of affinities, spread constraints and tolerations must have in common. */
import { isLabelValue, isQualifiedName } from "../kubernetes-formats.ts";
import { isSet, listOf, type ObjectRule, plain, wrong } from "./problem.ts";
import type { TemplateProblem } from "./walk.ts";

export const requirement =
  (numeric: readonly string[]): ObjectRule =>
  ({ operator, values }) => {
    const list = Array.isArray(values) ? values : [];
    if (["Exists", "DoesNotExist"].includes(String(operator)))
      return list.length > 0 ? [wrong(`is not for the operator ${operator}`, "values")] : [];
    if (numeric.includes(String(operator)))
      return list.length === 1 && /^-?\d+$/.test(String(list[0])) ? [] : [wrong("is not one whole number", "values")];
    if (list.length === 0) return [wrong("is empty", "values")];
    return list.every((one) => isLabelValue(String(one))) ? [] : [wrong("holds what is no label value", "values")];
  };

export const nodeSelectorTerm: ObjectRule = ({ matchExpressions, matchFields }) => [
  ...listOf(matchExpressions).flatMap((one, index) => [
    ...(isQualifiedName(String(one.key))
      ? []
      : [wrong("is no qualified name", "matchExpressions", { key: String(index) }, "key")]),
    ...requirement(["Gt", "Lt"])(one).map((problem) => below(problem, "matchExpressions", index)),
  ]),
  ...listOf(matchFields)
    .filter(
      ({ key, operator, values }) =>
        key !== "metadata.name" ||
        !["In", "NotIn"].includes(String(operator)) ||
        !Array.isArray(values) ||
        values.length !== 1,
    )
    .map(() => wrong("can hold only metadata.name, In or NotIn, and one value", "matchFields")),
];

const below = ({ path, problem }: TemplateProblem, field: string, index: number): TemplateProblem => ({
  path: [{ field }, { key: String(index) }, ...path],
  problem,
});

/** `matchLabelKeys` are put into the selector, which must be there and not have them. */
export const labelKeys =
  (...fields: string[]): ObjectRule =>
  (value) => {
    const selector = plain(value.labelSelector);
    const selected = [
      ...Object.keys(plain(selector.matchLabels)),
      ...listOf(selector.matchExpressions).map(({ key }) => key),
    ];
    const lists = fields.map((field) => ({ field, keys: Array.isArray(value[field]) ? value[field] : [] }));
    const every = lists.flatMap(({ keys }) => keys);
    return lists
      .filter(({ keys }) => keys.length > 0)
      .flatMap(({ field, keys }) => {
        if (!isSet(value.labelSelector)) return [wrong("needs labelSelector", field)];
        const isTwice = keys.some((key) => selected.includes(key) || every.indexOf(key) !== every.lastIndexOf(key));
        return isTwice ? [wrong("has a key that is selected already", field)] : [];
      });
  };

export const spread: ObjectRule = (value) => [
  ...labelKeys("matchLabelKeys")(value),
  ...(isSet(value.minDomains) && value.whenUnsatisfiable !== "DoNotSchedule"
    ? [wrong("needs whenUnsatisfiable: DoNotSchedule", "minDomains")]
    : []),
];

export const toleration: ObjectRule = ({ key, operator, value, effect, tolerationSeconds }) => [
  ...(!key && operator !== "Exists" ? [wrong("must be Exists where there is no key", "operator")] : []),
  ...(operator === "Exists" && value ? [wrong("is not for the operator Exists", "value")] : []),
  ...(isSet(tolerationSeconds) && effect !== "NoExecute"
    ? [wrong("is for the effect NoExecute", "tolerationSeconds")]
    : []),
];
