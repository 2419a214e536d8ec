/**
 * The seams of the devcluster: the API server (`api/`), the controllers (`controllers/`) and the node (`node/`) meet
 * only in the store. Every object is plain JSON as the wire has it.
 */

import type { Readable, Writable } from "node:stream";

export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** Any Kubernetes object; typed views come from `kubernetes-types` at the place of use. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** A plural resource name such as `pods` or `jobs`; which exist is the business of api/resources.ts. */
export type ResourceName = string;

export type StoreEventType = "ADDED" | "MODIFIED" | "DELETED";

export interface StoreEvent {
  readonly type: StoreEventType;
  readonly resource: ResourceName;
  /** A snapshot: nobody changes it afterwards. For DELETED the last state, with the deletion's resourceVersion. */
  readonly object: KubeObject;
}

export interface DeleteOptions {
  /** Default by resource, as measured: Jobs are orphaned unless the caller says otherwise. */
  propagationPolicy?: "Background" | "Foreground" | "Orphan";
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
}

/**
 * Objects in memory with one resourceVersion for all. Synchronous on purpose: one Node process, so every call is a
 * transaction. Throws ApiError (a Status object with the real reason and message) for whatever a real API server
 * would refuse.
 */
export interface Store {
  create<T extends KubeObject = KubeObject>(resource: ResourceName, object: object): T;
  get<T extends KubeObject = KubeObject>(resource: ResourceName, namespace: string, name: string): T | undefined;
  list<T extends KubeObject = KubeObject>(resource: ResourceName, namespace?: string): T[];
  /**
   * Reads, changes, writes, publishes MODIFIED (nothing when the change changed nothing); undefined when there is no
   * such object. An object whose deletionTimestamp is set goes away (DELETED) when its last finalizer is removed and,
   * for pods, its grace period is 0.
   */
  mutate<T extends KubeObject = KubeObject>(
    resource: ResourceName,
    namespace: string,
    name: string,
    change: (draft: T) => void,
  ): T | undefined;
  /**
   * Deletes as the API does: finalizers, propagation, graceful deletion of pods that sit on a node (deletionTimestamp
   * first; the node removes the object with gracePeriodSeconds 0 when the containers are gone).
   */
  delete(resource: ResourceName, namespace: string, name: string, options?: DeleteOptions): KubeObject | undefined;
  /** Calls back after each write, in order, synchronously. Returns the way to stop. */
  subscribe(listener: (event: StoreEvent) => void): () => void;
  readonly resourceVersion: string;
}

/** What time it is; a test may bring its own. Milliseconds since 1970. */
export type Clock = () => number;

/**
 * What the node can run under an image's name: a folder list for PATH and environment, as an image's config would
 * have. Any other name is an image that does not exist (ErrImagePull, ImagePullBackOff).
 */
export interface LocalImage {
  /** Put before the host's own PATH. */
  readonly path?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly workingDir?: string;
}

/** Query of `pods/log`, parsed and checked by the API server. */
export interface LogOptions {
  readonly follow: boolean;
  readonly timestamps: boolean;
  readonly previous: boolean;
  /** Whole seconds since 1970: the API server cuts sinceTime on its way to the kubelet (measured). */
  readonly sinceTime?: number;
  readonly sinceSeconds?: number;
  readonly tailLines?: number;
  readonly limitBytes?: number;
}

export interface ExecProgram {
  readonly command: readonly string[];
  readonly stdin: boolean;
}

/** A program that was started beside a container's own. */
export interface ExecProcess {
  /** Null when it was not asked for. */
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Its exit code, 128 + n when signal n ended it; settles when its pipes are closed too. */
  readonly exited: Promise<number>;
}

/** The node's answer to `pods/exec`. */
export interface Executor {
  /** Rejects with the kubelet's own words when the program cannot be started. */
  exec(pod: KubeObject, container: string, program: ExecProgram): Promise<ExecProcess>;
}

/** The node's answer to `pods/log`; the API server asks, the node owns the files. */
export interface LogReader {
  /** Throws ApiError (400 waiting to start, 404 …) before the first byte; ends cleanly as the kubelet's does. */
  open(
    pod: KubeObject,
    container: string,
    options: LogOptions,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
}
