# Real runs, made offline with whatever wandb this Python has, in the folder of its first argument: one with everything, one that
# failed, one that says nothing of itself, and one that is killed in the middle of it.
import os
import sys

os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true")
os.chdir(sys.argv[1])

import wandb  # noqa: E402

if not hasattr(wandb, "Settings"):
    sys.exit("this is not wandb")


def everything():
    config = {
        "lr": 0.1, "optim": {"name": "adam", "betas": [0.9, 0.99], "deep": {"x": 1}}, "flag": True, "none": None, "big": 10**20,
        "text": "größe \x1b[2J", "inf": float("inf"), "a.b": 1, "gone": 1,
    }
    run = wandb.init(
        project="churn", entity="ana-team", id="aaaa1111", name="forest-1", tags=["candidate", "night"], notes="first try\nof two",
        group="forests", job_type="train", config=config,
    )
    run.define_metric("best_loss", summary="min")
    for step in range(60):
        values = {
            "loss": 1 / (step + 1), "best_loss": abs(step - 30) / 10, "count": step, "flag": step % 2 == 0, "text": f"epoch {step}",
            "nest": {"a": step, "b": {"c": -step}}, "list": [1, 2], "none": None, "odd/key é.x": step / 7,
            "weird/nan": float("nan"), "weird/inf": float("inf"), "weird/ninf": float("-inf") if step % 3 else 1e300,
        }
        run.log(values)
        if step % 10 == 9:
            run.log({"val/acc": step / 100, "val/tiny": 1e-300 * step})
    run.log({"jump": 1}, step=1000)
    run.log({"page": wandb.Html("<b>hello</b>"), "bars": wandb.Histogram(np_histogram=([1, 2], [0, 1, 2]))})
    run.config.update({"lr": 0.2, "late": 5}, allow_val_change=True)
    run.summary["best"] = 0.93
    run.summary["ckpt"] = "model-12.pt"
    run.summary.update({"deep": {"a": {"b": 2}}})
    with open(os.path.join(run.dir, "notes.txt"), "w") as file:
        file.write("kept with the run")
    run.finish()


def long_values():
    # One value that goes over several blocks of 32 KiB, and records after it.
    run = wandb.init(project="churn", entity="ana-team", id="bbbb2222", name="failed", config={"lr": 0.3, "words": "w" * 70_000})
    for step in range(30):
        run.log({"loss": 0.5 / (step + 1), "note": "x" * 400})
    run.finish(exit_code=1)


def nothing():
    wandb.init(id="cccc3333").finish()


def killed():
    run = wandb.init(project="churn", entity="ana-team", id="dddd4444", name="killed")
    for step in range(200):
        run.log({"loss": 1 / (step + 1), "note": "y" * 400})
    os._exit(9)


everything()
long_values()
nothing()
killed()
