/** Objects that a pod needs and that are not there, in the cluster's own words (measured on 1.36 where a test has them whole). */
const MISSING: readonly RegExp[] = [
  // kubelet: secret "x" not found, configmap "x" not found; scheduler: persistentvolumeclaim "x" not found.
  /(secret|configmap|persistentvolumeclaim|serviceaccount)s? "[^"]*" not found/i,
  // kubelet: couldn't find key K in Secret ns/name; references non-existent secret key: K.
  /couldn't find key |references non-existent (secret|config) key/,
];

export const namesMissingObject = (message: string): boolean => MISSING.some((words) => words.test(message));

/** The registry was asked, and has no such image. Other answers may change: credentials and registries come late on new nodes. */
export const namesMissingImage = (message: string): boolean =>
  /code = NotFound|manifest unknown|: not found|name unknown|repository does not exist/i.test(message);
