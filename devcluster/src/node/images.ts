import type { Container } from "kubernetes-types/core/v1";
import type { LocalImage } from "../types.ts";

/** What looking for an image comes to; texts measured on 1.36 with containerd. */
export type ImageLookup =
  | { readonly kind: "present"; readonly image: LocalImage }
  | { readonly kind: "invalid"; readonly message: string }
  | { readonly kind: "never"; readonly message: string }
  | { readonly kind: "unknown"; readonly pullError: string };

const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const HOST = "(?:[a-zA-Z0-9-]+(?:\\.[a-zA-Z0-9-]+)*(?::\\d+)?/)?";
const REFERENCE = new RegExp(
  `^${HOST}${COMPONENT}(?:/${COMPONENT})*(?::\\w[\\w.-]{0,127})?(?:@[a-z0-9]+:[0-9a-f]{32,})?$`,
);

export function lookUpImage(
  images: Readonly<Record<string, LocalImage>>,
  { image: name = "", imagePullPolicy }: Pick<Container, "image" | "imagePullPolicy">,
): ImageLookup {
  const image = Object.hasOwn(images, name) ? images[name] : undefined;
  if (image !== undefined) return { kind: "present", image };
  if (!REFERENCE.test(name)) {
    const why = `invalid reference format: repository name (library/${name}) must be lowercase`;
    const message = `Failed to apply default image tag "${name}": couldn't parse image name "${name}": ${why}`;
    return { kind: "invalid", message };
  }
  if (imagePullPolicy === "Never") {
    return { kind: "never", message: `Container image "${name}" is not present with pull policy of Never` };
  }
  const full = fullName(name);
  const pullError =
    `rpc error: code = NotFound desc = failed to pull and unpack image "${full}": ` +
    `failed to resolve image: ${full}: not found`;
  return { kind: "unknown", pullError };
}

/** The name with registry and tag: `busybox` is `docker.io/library/busybox:latest`. */
export function fullName(name: string): string {
  const first = name.split("/")[0] ?? "";
  const hasRegistry = name.includes("/") && (/[.:]/.test(first) || first === "localhost");
  const qualified = hasRegistry ? name : `docker.io/${name.includes("/") ? name : `library/${name}`}`;
  const tagged = qualified.includes("@") || /:[^/]*$/.test(qualified);
  return tagged ? qualified : `${qualified}:latest`;
}
