/** Settings of git by the environment, which go before those of its files and reach every git in the pod. Pure. */

export type GitSetting = readonly [key: string, value: string];

/** `GIT_CONFIG_*`, counted on from those that are there. */
export function gitVariables(
  settings: readonly GitSetting[],
  present: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (settings.length === 0) return {};
  const count = present.GIT_CONFIG_COUNT ?? "";
  const first = /^\d{1,4}$/.test(count) ? Number(count) : 0;
  const entries = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${first + index}`, key],
    [`GIT_CONFIG_VALUE_${first + index}`, value],
  ]);
  return { ...Object.fromEntries(entries), GIT_CONFIG_COUNT: String(first + settings.length) };
}
