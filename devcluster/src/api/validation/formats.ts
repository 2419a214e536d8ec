/** The formats of names and values; each function gives undefined, or the server's sentence of refusal. */

type Format = (value: string) => string | undefined;

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_VALUE = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";
const QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const CONFIG_KEY = "[-._a-zA-Z0-9]+";

function format(pattern: string, limit: number, sentence: string): Format {
  const whole = new RegExp(`^${pattern}$`);
  return (value) => {
    if (value.length > limit) return `must be no more than ${limit} bytes`;
    return whole.test(value) ? undefined : sentence;
  };
}

export const dnsLabel: Format = format(
  LABEL,
  63,
  `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`,
);

export const dnsSubdomain: Format = format(
  SUBDOMAIN,
  253,
  `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`,
);

export const labelValue: Format = format(
  LABEL_VALUE,
  63,
  `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${LABEL_VALUE}')`,
);

export const configKey: Format = format(
  CONFIG_KEY,
  253,
  `a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '${CONFIG_KEY}')`,
);

/** Names of RBAC objects are path segments. */
export const pathSegment: Format = (value) => {
  if (value === "." || value === "..") return `may not be '${value}'`;
  const bad = ["/", "%"].find((character) => value.includes(character));
  return bad === undefined ? undefined : `may not contain '${bad}'`;
};

/** `name` or `prefix/name`: keys of labels and annotations, finalizers. */
export const qualifiedName: Format = (value) => {
  const parts = value.split("/");
  const rule = `a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}')`;
  if (parts.length > 2) return `${rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;
  const [prefix, name] = parts.length === 2 ? parts : [undefined, parts[0]];
  if (prefix === "") return "prefix part must be non-empty";
  if (prefix !== undefined && dnsSubdomain(prefix) !== undefined) return `prefix part ${dnsSubdomain(prefix)}`;
  if (name === undefined || name === "") return "name part must be non-empty";
  if (name.length > 63) return "name part must be no more than 63 bytes";
  if (new RegExp(`^${QUALIFIED}$`).test(name)) return undefined;
  return `name part must consist of${rule.slice("a qualified name must consist of".length)}`;
};

/** Any printable ASCII but `=` (relaxed since 1.34). */
export const envName: Format = (value) =>
  /^[ -<>-~]+$/.test(value)
    ? undefined
    : "a valid environment variable name must consist only of printable ASCII characters other than '='";
