import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/config/config-error.ts";
import { agentLabel, jobName, LABELS, labelValue, runLabels } from "../../../src/run/shared/names.ts";

const identity = { agentId: "a-1", agentName: "Ada", companyId: "c", runId: "r-1", taskId: null, sessionId: null };
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const VALUE = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

describe("a Job's name", () => {
  it("is the same for the same agent and run, and has the contract's shape", () => {
    expect(jobName("agent", "run")).toBe(jobName("agent", "run"));
    expect(jobName("agent", "run")).toMatch(/^ac-agent-run-[0-9a-f]{6}$/);
  });

  it("case 7: differs for two runs whose cut names coincide, and is never longer than 63", () => {
    const long = "abcdefghijklmnopqrstuvwxyz";
    expect(jobName(long, `${long}1`)).not.toBe(jobName(long, `${long}2`));
    expect(jobName(long, long).length).toBeLessThanOrEqual(63);
  });

  it("case 8: does not break where the cut falls on a hyphen", () => {
    expect(jobName("aaaaaaaaaaaaaaa-bbb", "r")).not.toContain("--");
  });

  it("is a valid name for any ids", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (agent, run) => {
        const name = jobName(agent, run);
        expect(name).toMatch(NAME);
        // A pod's name is cut beyond 57 characters, so that it does not begin with its Job's any more.
        expect(name.length).toBeLessThanOrEqual(57);
      }),
    );
  });
});

describe("labels", () => {
  it("case 12: are valid or left out, whatever the ids", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (id) => {
        const value = labelValue(id);
        if (value !== null) {
          expect(value).toMatch(VALUE);
          expect(value.length).toBeLessThanOrEqual(63);
        }
      }),
    );
    expect(runLabels({ ...identity, taskId: "///" }, {}, "installation-1").labels).not.toHaveProperty([LABELS.taskId]);
  });

  it("case 12: refuse an agent id with no usable character", () => {
    try {
      agentLabel("日本");
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).code).toBe("k8s_agent_id_invalid");
    }
  });

  it("case 11: skip and report configured ones with a reserved prefix", () => {
    const configured = {
      "paperclip.io/run-id": "other",
      "paperclip.io/instance": "another-paperclip",
      "app.kubernetes.io/component": "x",
      "job-name": "x",
      "batch.kubernetes.io/job-name": "x",
      team: "blue",
    };
    const { labels, notes } = runLabels(identity, configured, "installation-1");
    expect(labels).toMatchObject({ team: "blue", [LABELS.runId]: "r-1", [LABELS.component]: "agent-job" });
    expect(labels[LABELS.instance]).toBe("installation-1");
    expect(labels).not.toHaveProperty(["job-name"]);
    expect(notes).toHaveLength(5);
  });
});
