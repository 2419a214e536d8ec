import type { NotPreparedFacts } from "../../../runner/seal.ts";
import type { VerdictCode } from "../../shared/codes.ts";
import type { Cause } from "../cause.ts";
import { FIXES } from "../fixes.ts";
import { quoting } from "../phrases.ts";
import { NO_RETRY, RETRY } from "../retry.ts";

interface Reason {
  readonly code: VerdictCode;
  /** Without a full stop; git's own words follow. */
  readonly sentence: string;
  readonly fix: string;
  /** It can succeed later with nothing changed. @default false */
  readonly passes?: boolean;
}

/** By the runner's own words (src/runner/workspace/git.sh). */
const CHECKOUT: Readonly<Record<NotPreparedFacts["cause"], Reason>> = {
  "git-missing": {
    code: "k8s_checkout_git_missing",
    sentence: "The project could not be cloned, for the image has no git",
    fix: FIXES.gitMissing,
  },
  "login-required": {
    code: "k8s_checkout_login_required",
    sentence: "The project's repository asks for a login that it accepts, and the pod has none",
    fix: FIXES.gitLogin,
  },
  "repository-missing": {
    code: "k8s_checkout_repository_missing",
    sentence: "The project's repository is not there, or not for this login",
    fix: FIXES.repositoryMissing,
  },
  "repository-empty": {
    code: "k8s_checkout_repository_empty",
    sentence: "The project's repository is empty, and there is nothing to clone",
    fix: FIXES.repositoryEmpty,
  },
  "ref-missing": {
    code: "k8s_checkout_ref_missing",
    sentence: "The project's repository has not what the agent is to begin from",
    fix: FIXES.refMissing,
  },
  "disk-full": {
    code: "k8s_checkout_disk_full",
    sentence: "The project's repository is larger than the disk of its workspace",
    fix: FIXES.checkoutDiskFull,
  },
  untrusted: {
    code: "k8s_checkout_untrusted",
    sentence: "The project's repository shows a certificate that the pod does not trust",
    fix: FIXES.gitUntrusted,
  },
  unreachable: {
    code: "k8s_checkout_unreachable",
    sentence: "The project's repository could not be reached from the pod, also when it was tried again",
    fix: FIXES.gitUnreachable,
    passes: true,
  },
  occupied: {
    code: "k8s_checkout_occupied",
    sentence: "The project was not cloned over files that are there",
    fix: FIXES.checkoutOccupied,
  },
  timeout: {
    code: "k8s_checkout_timeout",
    sentence: "The project was not cloned in time",
    fix: FIXES.checkoutTimeout,
  },
  failed: { code: "k8s_checkout_failed", sentence: "The project could not be cloned", fix: FIXES.checkoutFailed },
};

const SETUP: Readonly<Record<"timeout" | "failed", Reason>> = {
  timeout: { code: "k8s_setup_timeout", sentence: "The agent's setup was not done in time", fix: FIXES.setupTimeout },
  failed: { code: "k8s_setup_failed", sentence: "The agent's setup failed", fix: FIXES.setupFailed },
};

/** The workspace could not be brought, so that the agent was not started. */
export const notPrepared: Cause = ({ seal }) => {
  if (seal?.ending !== "not-started" || !seal.notPrepared) return null;
  const { step, cause } = seal.notPrepared;
  const { code, sentence, fix, passes } = reasonOf(step, cause);
  const words = `${sentence}${quoting(seal.error)}`;
  return { kind: "start-failed", code, sentence: `${words}.`, fix, because: [words], ...(passes ? RETRY : NO_RETRY) };
};

/** The seal is the pod's word, and may say anything. */
function reasonOf(step: string, cause: string): Reason {
  if (step === "setup") return cause === "timeout" ? SETUP.timeout : SETUP.failed;
  return Object.hasOwn(CHECKOUT, cause) ? CHECKOUT[cause as keyof typeof CHECKOUT] : CHECKOUT.failed;
}
