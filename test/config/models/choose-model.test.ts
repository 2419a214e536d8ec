import { describe, expect, it } from "vitest";
import { chooseModel } from "../../../src/config/models/choose-model.ts";
import { bedrockModels, DEFAULT_MODEL } from "../../../src/config/models/known-models.ts";

const bedrock = { CLAUDE_CODE_USE_BEDROCK: "1" };

describe("the model of a run", () => {
  it.each([
    ["nothing says otherwise", {}, [], DEFAULT_MODEL],
    ["the environment names one", { ANTHROPIC_MODEL: "claude-x" }, [], null],
    ["the environment names a blank one", { ANTHROPIC_MODEL: " " }, [], DEFAULT_MODEL],
    ["the extra arguments name one", {}, ["--model", "x"], null],
    ["the extra arguments name one in one word", {}, ["--model=x"], null],
    ["the provider is Bedrock", bedrock, [], null],
    ["the provider is Bedrock behind a gateway", { ANTHROPIC_BEDROCK_BASE_URL: "u" }, [], null],
    ["the provider is Vertex", { CLAUDE_CODE_USE_VERTEX: "true" }, [], null],
    ["the provider is Foundry", { CLAUDE_CODE_USE_FOUNDRY: "1" }, [], null],
    ["Bedrock is switched off", { CLAUDE_CODE_USE_BEDROCK: "0" }, [], DEFAULT_MODEL],
  ])("when it is blank and %s", (_, env, extraArgs, model) => {
    for (const blank of [null, "", "  "]) expect(chooseModel(blank, env, extraArgs)).toEqual({ model, note: null });
  });

  it("is what the agent names", () => {
    const env = { ANTHROPIC_MODEL: "other" };
    expect(chooseModel("claude-new-9", env, ["--model=x"])).toEqual({ model: "claude-new-9", note: null });
    expect(chooseModel("claude-opus-5", { CLAUDE_CODE_USE_VERTEX: "1" }, []).model).toBe("claude-opus-5");
  });

  it.each([
    ...bedrockModels.map(({ id }) => id),
    "eu.anthropic.claude-opus-4-8-v1",
    "us-gov.anthropic.claude-opus-4-8-v1",
    "anthropic.claude-opus-4-8-v1",
    "arn:aws:bedrock:us-east-1:1:application-inference-profile/x",
    "arn:aws-us-gov:bedrock:us-gov-west-1:1:inference-profile/x",
    "opus",
    "sonnet[1m]",
  ])("case 21: %s reaches Bedrock as it is", (id) => {
    expect(chooseModel(id, bedrock, [])).toEqual({ model: id, note: null });
  });

  it.each(["claude-opus-5", "claude-sonnet-4-5-20250929", "my-anthropic.thing", "opus-5"])(
    "%s does not reach Bedrock, and the run says so",
    (id) => {
      const { model, note } = chooseModel(id, bedrock, []);
      expect(model).toBeNull();
      expect(note).toMatch(new RegExp(`Model ${id} is not passed on: Bedrock does not know that id.*us.anthropic`));
    },
  );
});
