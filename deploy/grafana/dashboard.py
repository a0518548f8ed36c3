"""The dashboard, built with Grafana's own SDK: `python -m deploy.grafana.dashboard` writes it.

dashboards/loopcast.json is what Grafana reads; a test holds it to what this builds. The SDK is a
development dependency: nothing of a running Loopcast needs it.
"""

from itertools import count
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.builders import statetimeline as states
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import dashboard as model

from deploy.grafana.health_rows import HEALTH, LATENCY, RECEIPTS
from deploy.grafana.panels import Look, Panel, Query
from deploy.grafana.rows import LOOPS, OVERVIEW

ROWS: Final = (OVERVIEW, LOOPS, LATENCY, RECEIPTS, HEALTH)
FILE: Final = Path(__file__).parent / "dashboards" / "loopcast.json"
SOURCE: Final = model.DataSourceRef("prometheus", "${datasource}")

Built = stat.Panel | timeseries.Panel | states.Panel


def built() -> str:
    """The dashboard as Grafana reads it."""
    board = _frame()
    ids = count(1)
    for row in ROWS:
        board.with_row(dashboard.Row(row.title).id(next(ids)))
        for panel in row.panels:
            board.with_panel(_panel(panel).id(next(ids)))
    return JSONEncoder(sort_keys=True, indent=2).encode(board.build()) + "\n"


def _frame() -> dashboard.Dashboard:
    """Everything but the panels."""
    board = (
        dashboard.Dashboard("Loopcast")
        .uid("loopcast")
        .description("Campaigns, loops, what Meta says, what comes back, and the processes.")
        .tags(["loopcast"])
        .refresh("15s")
        .time("now-3h", "now")
        .timezone("browser")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
    )
    for variable in (_source(), _values("job"), _values("instance"), _runbooks()):
        board.with_variable(variable)
    for name, expr, color in ANNOTATIONS:
        note = dashboard.AnnotationQuery().name(name).expr(expr).icon_color(color)
        board.annotation(note.datasource(SOURCE).enable(True))
    link = dashboard.DashboardLink("Runbooks").type(model.DashboardLinkType.LINK)
    return board.link(link.url("${runbooks}").icon("doc").target_blank(True))


ANNOTATIONS: Final = (
    ("Stops", "sum by (scope) (increase(loopcast_stops_total[1m])) > 0", "red"),
    ("Starts of processes", 'time() - process_start_time_seconds{job=~"$job"} < 60', "blue"),
    ("Alerts", 'ALERTS{alertname=~"Loopcast.+", alertstate="firing"}', "orange"),
)


def _source() -> dashboard.DatasourceVariable:
    return dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")


def _values(label: str) -> dashboard.QueryVariable:
    """A choice among the processes; all of them at first."""
    return (
        dashboard.QueryVariable(label)
        .label(label.capitalize())
        .datasource(SOURCE)
        .query(f"label_values(loopcast_build_info, {label})")
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .current(model.VariableOption(selected=True, text="All", value="$__all"))
    )


def _runbooks() -> dashboard.TextBoxVariable:
    """Grafana cannot know where the documents can be read."""
    return (
        dashboard.TextBoxVariable("runbooks")
        .label("Runbooks at")
        .description("Where docs/runbooks.md can be read: its address in your repository.")
        .default_value("docs/runbooks.md")
    )


def _panel(panel: Panel) -> Built:
    made = _look(panel)
    made.title(panel.title).description(_says(panel)).datasource(SOURCE).unit(panel.unit)
    made.span(panel.width).height(panel.height)
    for number, query in enumerate(panel.queries):
        made.with_target(_target(query, "ABCDEFGH"[number]))
    for name, color in panel.colors.items():
        fixed = {"mode": "fixed", "fixedColor": color}
        made.override_by_name(name, [model.DynamicConfigValue("color", fixed)])
    if panel.alert:
        url = f"${{runbooks}}#{panel.alert.lower()}"
        link = dashboard.DashboardLink(f"Runbook: {panel.alert}").url(url).target_blank(True)
        made.links([link.type(model.DashboardLinkType.LINK)])
    return made


def _says(panel: Panel) -> str:
    return f"{panel.says} Runbook: {panel.alert}." if panel.alert else panel.says


def _look(panel: Panel) -> Built:
    """The panel without what all have."""
    match panel.look:
        case Look.NUMBER:
            return (
                stat.Panel()
                .color_mode(options.BigValueColorMode.VALUE)
                .graph_mode(options.BigValueGraphMode.AREA)
                .text_mode(
                    options.BigValueTextMode.VALUE_AND_NAME
                    if len(panel.queries) > 1
                    else options.BigValueTextMode.VALUE
                )
                .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
                .thresholds(_thresholds(panel, "green"))
                .no_value("none")
            )
        case Look.STATES:
            steps = [model.Threshold(None, "red"), model.Threshold(1, "green")]
            return states.Panel().thresholds(_config(steps)).row_height(0.8)
        case _:
            return _lines(panel)


def _lines(panel: Panel) -> timeseries.Panel:
    is_stack = panel.look is Look.STACK
    made = (
        timeseries.Panel()
        .line_width(1)
        .fill_opacity(40 if is_stack else 5)
        .show_points(options.VisibilityMode.NEVER)
        .min(0)
        .legend(
            common.VizLegendOptions()
            .display_mode(options.LegendDisplayMode.LIST)
            .placement(options.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(
            common.VizTooltipOptions()
            .mode(options.TooltipDisplayMode.MULTI)
            .sort(options.SortOrder.DESCENDING)
        )
    )
    if is_stack:
        made.stacking(common.StackingConfig().mode(options.StackingMode.NORMAL))
    if panel.bad_from is not None:
        made.thresholds(_thresholds(panel, "transparent"))
        made.thresholds_style(
            common.GraphThresholdsStyleConfig().mode(options.GraphTresholdsStyleMode.LINE)
        )
    return made


def _thresholds(panel: Panel, well: str) -> dashboard.ThresholdsConfig:
    if panel.bad_below is not None:
        return _config([model.Threshold(None, "red"), model.Threshold(panel.bad_below, well)])
    steps = [model.Threshold(None, well)]
    if panel.bad_from is not None:
        steps.append(model.Threshold(panel.bad_from, "red"))
    return _config(steps)


def _config(steps: list[model.Threshold]) -> dashboard.ThresholdsConfig:
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


def _target(query: Query, ref_id: str) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .expr(query.expr)
        .legend_format(query.legend)
        .ref_id(ref_id)
        .datasource(SOURCE)
    )


if __name__ == "__main__":
    FILE.write_text(built(), encoding="utf-8")
