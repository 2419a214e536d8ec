/** The address of a repository, as git gets it: without a login, and with a scheme that a pod may use. Pure. */
import { ConfigError } from "../../../config/config-error.ts";

export interface Address {
  readonly url: string;
  /** Where a login for it would be asked for, such as `https://git.example.com`. */
  readonly origin: string;
  /** The host alone, as SSH has it. */
  readonly host: string;
}

const SCP = /^(?:[\w.-]+@)?(?<host>[\w.-]{2,}):(?<path>[^/\s\p{Cc}:][^\s\p{Cc}]*|\/(?!\/)[^\s\p{Cc}]*)$/u;

/**
 * One of SSH is that of HTTPS where there is a login for that host. Throws ConfigError for one that is no address for a pod.
 *
 * @param origins for which there is a login
 */
export function addressOf(given: string, origins: readonly string[]): Address {
  const scp = SCP.exec(given)?.groups;
  const parsed = scp ? null : URL.parse(given);
  if (!scp && (parsed === null || parsed.host === "")) throw noAddress();
  const ssh = scp ? { host: scp.host ?? "", path: `/${scp.path?.replace(/^\//, "") ?? ""}` } : ofSsh(parsed as URL);
  if (ssh) {
    const origin = `https://${ssh.host}`;
    return { url: origins.includes(origin) ? `${origin}${ssh.path}` : given, origin, host: ssh.host };
  }
  const url = parsed as URL;
  if (!["https:", "http:", "git:"].includes(url.protocol)) throw noAddress();
  url.username = "";
  url.password = "";
  return { url: url.href, origin: `${url.protocol}//${url.host}`, host: url.hostname };
}

function ofSsh({ protocol, hostname, pathname, password }: URL): { host: string; path: string } | null {
  if (protocol !== "ssh:") return null;
  if (password !== "") throw noAddress();
  return { host: hostname, path: pathname };
}

/** Never with the address: it may hold a login. */
function noAddress(): ConfigError {
  const problem = "is no address that a pod could clone the project from";
  const fix = "Give the project an https:// address, or set workspace: mounted or empty.";
  return new ConfigError([{ field: "repoUrl", problem, fix }]);
}

/** As `git check-ref-format` has it, and no option. Throws ConfigError. */
export function requireRefName(field: "repoRef" | "branchName", name: string): string {
  const isWrong =
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what git refuses
    /^[-/]|[\u0000- \u007f~^:?*[\\]|\.\.|@\{|\/\/|\/\.|^\.|\.lock$|[/.]$/.test(name) ||
    name === "@" ||
    name.length > 255;
  if (!isWrong) return name;
  const fix = "Give the project a branch, a tag or a commit.";
  throw new ConfigError([{ field, problem: "is no name that git takes", fix }]);
}
