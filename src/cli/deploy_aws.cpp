#include <fmt/format.h>

#include "base/core/json_writer.hpp"
#include "base/core/time.hpp"
#include "cli/deploy.hpp"
#include "cli/production.hpp"
#include "cli/stage_change.hpp"
#include "operations/stages/aws_rollout.hpp"
#include "operations/stages/aws_service.hpp"

namespace bb::cli {
namespace {

void print_plan_of_aws(Context& context, const stages::RolloutPlan& plan) {
    const auto& stage = plan.stage;
    context.out << fmt::format(
        "check\t{}\nlock\tin the Parameter Store\ninstall\tthe image of {}, by its digest\n",
        stages::AwsService(stage).serving().definition, plan.release);
    if (plan.back_up) context.out << "backup\tby the image that serves, as a task of its own\n";
    context.out
        << "migrate\twhat only adds to the schema, as a task\nsmoke test\tof the new image alone, as a task\n"
           "switch\tnew tasks answer before the former go; ECS goes back when they do not\n";
    if (stage.bake.count() > 0)
        context.out << fmt::format("bake\t{} s of what the balancer measures\n", stage.bake.count());
    if (plan.verify)
        context.out << fmt::format("verify\tas \"verify --stage {}\"; what speaks against it undoes it\n",
                                   stage.name);
    context.out << "keep\n";
}

/// The boxes are asked for what this clone holds: nothing else may go through by them. False: it was told.
bool may_go_to_production_on_aws(Context& context, const DeployWords& words, stages::RolloutPlan& plan) {
    if (const auto release = release_of_head(); words.what != release) {
        context.fail(
            fmt::format("Production gets what was checked: {}, by its name as the tag of the image, not {}.",
                        release, words.what));
        return false;
    }
    const auto waived = may_go_to_production(context, words, plan.stage, plan.release);
    if (waived) plan.waived = *waived;
    return waived.has_value();
}

}  // namespace

int deploy_on_aws(Context& context, const DeployWords& words) {
    const auto stage = stage_of(words.stage);
    auto plan = plan_of(context, words, stage);
    plan.release = words.what;
    plan.back_up = !words.no_backup;
    plan.lock = words.lock;
    if (!words.no_verify && stage.domain.empty())
        return context.fail(
            "The stage has no domain to look at: name it in brainbytes.toml, or --no-verify.");
    if (!words.no_verify) plan.verify = look_at_the_end(context, plan);
    const bool production = words.stage == "production";
    if (!production && !words.waive.empty()) {
        context.fail("--waive is for production: nothing keeps a release from other stages.");
        return wrong_usage;
    }
    if (words.dry_run) {
        if (production) print_boxes(context, words, stage, plan.release);
        print_plan_of_aws(context, plan);
        return done;
    }
    if (production && !may_go_to_production_on_aws(context, words, plan)) return failed;
    return tell_outcome(context, words, stages::roll_out_on_aws(plan));
}

int roll_back_on_aws(Context& context, const DeployWords& words) {
    const auto stage = stage_of(words.stage);
    auto plan = plan_of(context, words, stage);
    plan.release = words.to;
    plan.lock = words.lock;
    plan.accepted_minutes = words.accepted_minutes;
    if (!words.dry_run) return tell_outcome(context, words, stages::roll_back_on_aws(plan));
    context.out << fmt::format("{}\twould go back to {}\n", words.stage,
                               stages::what_stands_against_on_aws(plan));
    return done;
}

int status_on_aws(Context& context, const DeployWords& words) {
    const auto serving = stages::AwsService(stage_of(words.stage)).serving();
    JsonWriter json;
    json.object().field("stage", words.stage).key("hosts").array().object();
    json.field("host", serving.definition).field("kept", serving.release).field("fault", "").end().end();
    context.out << json.field("same", true).end().take() << '\n';
    return done;
}

}  // namespace bb::cli
