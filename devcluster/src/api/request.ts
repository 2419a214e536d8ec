import type { IncomingHttpHeaders } from "node:http";
import type { ApiStore } from "../store/store.ts";
import type { ExecProcess, Executor, KubeObject, LogReader } from "../types.ts";
import type { Access } from "./access.ts";
import type { ApiExtension } from "./extension.ts";
import type { User } from "./rbac.ts";
import type { ResourceDefinition } from "./resources.ts";
import type { Target } from "./target.ts";

/** What a verb gets to see of a request: HTTP is already behind it. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  readonly user: User;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  /** Sent as `Warning: 299` headers. */
  readonly warn: (text: string) => void;
}

export interface ResourceRequest extends ApiRequest {
  readonly target: Target;
}

export interface ApiContext {
  readonly store: ApiStore;
  readonly access: Access;
  /** Absent in a devcluster without a node: pods/log then has nothing to read. */
  readonly logs?: LogReader;
  /** Absent as that is. */
  readonly executor?: Executor;
  /** Absent where nothing is installed. */
  readonly extension?: ApiExtension;
  /** How often a watch that asked for bookmarks gets one, in milliseconds. */
  readonly bookmarkInterval: number;
}

/** What a verb answers; how it is put on the wire is the business of respond.ts. */
export type Answer =
  | { readonly kind: "object"; readonly code: number; readonly object: KubeObject; readonly of: ResourceDefinition }
  | { readonly kind: "list"; readonly list: ObjectList; readonly of: ResourceDefinition }
  | { readonly kind: "json"; readonly code: number; readonly body: object; readonly contentType?: string }
  | { readonly kind: "text"; readonly code: number; readonly text: string }
  | { readonly kind: "bytes"; readonly code: number; readonly bytes: Uint8Array; readonly contentType: string }
  | {
      readonly kind: "stream";
      readonly contentType: string;
      readonly chunks: AsyncIterable<Uint8Array>;
      readonly headers?: Record<string, string>;
    }
  | { readonly kind: "exec"; readonly start: () => Promise<ExecProcess> }
  | { readonly kind: "empty"; readonly code: number };

export interface ObjectList {
  readonly items: readonly KubeObject[];
  readonly metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
}

export type Verb = (request: ResourceRequest, context: ApiContext) => Answer | Promise<Answer>;
