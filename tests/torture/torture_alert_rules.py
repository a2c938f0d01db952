"""Every alert fires on what it is for and on nothing else, as Prometheus' own `promtool` sees it over made series."""

import subprocess
from pathlib import Path

import yaml

from tests.debian import find_program
from tests.deploy.questions import RULES, alert_rules
from tests.torture.conftest import Figures

#: What nobody has to be told of.
_USUAL = {
    'tokenhouse_build_info{process="core", job="core", instance="a"}': "1x60",
    'tokenhouse_build_info{process="facade", job="facade", instance="b"}': "1x60",
    'rpc_client_call_duration_seconds_count{rpc_response_status_code="OK"}': "0+600x60",
    'http_server_request_duration_seconds_count{http_response_status_code="200"}': "0+600x60",
    'http_server_request_duration_seconds_count{http_response_status_code="503"}': "0+6x60",
    'http_server_request_duration_seconds_bucket{http_route="/oauth/v1/token", le="0.5"}': "0+600x60",
    'http_server_request_duration_seconds_bucket{http_route="/oauth/v1/token", le="5"}': "0+600x60",
    'http_server_request_duration_seconds_bucket{http_route="/oauth/v1/token", le="+Inf"}': "0+600x60",
    'tokenhouse_rpc_refusals_total{reason="SERVER_ERROR"}': "0x60",
    "tokenhouse_rpc_shed_calls_total": "0x60",
    "tokenhouse_http_shed_requests_total": "0x60",
    'tokenhouse_token_requests_total{grant_type="refresh_token", verdict="reused"}': "0x60",
    'tokenhouse_token_requests_total{grant_type="authorization_code", verdict="reused"}': "0x60",
    'tokenhouse_token_requests_total{grant_type="refresh_token", verdict="forged"}': "0+1x60",
    'tokenhouse_token_requests_total{grant_type="refresh_token", verdict="future"}': "0x60",
    'tokenhouse_logins_total{result="login_failed"}': "0+5x60",
    'tokenhouse_user_codes_total{result="user_code_unknown"}': "0+2x60",
    "tokenhouse_store_writable": "1x60",
    "tokenhouse_store_reserve_held": "1x60",
    "tokenhouse_store_disk_free_bytes": "50000000000x60",
    'tokenhouse_store_errors_total{kind="input_output"}': "0x60",
    'tokenhouse_store_commit_duration_seconds_bucket{le="0.1"}': "0+600x60",
    'tokenhouse_store_commit_duration_seconds_bucket{le="1"}': "0+600x60",
    'tokenhouse_store_commit_duration_seconds_bucket{le="+Inf"}': "0+600x60",
    "tokenhouse_clock_drift_seconds": "-1x60",
    "tokenhouse_clock_unconfirmed": "0x60",
    "tokenhouse_signing_key_created_timestamp_seconds": "0x60",
    "tokenhouse_signing_key_laggards": "0x60",
    'process_open_fds{job="core", instance="a"}': "30x60",
    'process_max_fds{job="core", instance="a"}': "1024x60",
}
#: What each alert is for; None takes a series away.
_MATTERS: dict[str, dict[str, str | None]] = {
    "TokenhouseCoreDown": {'tokenhouse_build_info{process="core", job="core", instance="a"}': None},
    "TokenhouseFacadeDown": {'tokenhouse_build_info{process="facade", job="facade", instance="b"}': None},
    "TokenhouseFacadeCannotReachCore": {
        'rpc_client_call_duration_seconds_count{rpc_response_status_code="UNAVAILABLE"}': "0+1x60"
    },
    "TokenhouseServerErrors": {'tokenhouse_rpc_refusals_total{reason="SERVER_ERROR"}': "0x50 1x10"},
    "TokenhouseManyFailingRequests": {
        'http_server_request_duration_seconds_count{http_response_status_code="503"}': "0+60x60"
    },
    "TokenhouseOverloaded": {"tokenhouse_rpc_shed_calls_total": "0+1x60"},
    "TokenhouseSlowTokens": {
        'http_server_request_duration_seconds_bucket{http_route="/oauth/v1/token", le="0.5"}': "0+500x60"
    },
    "TokenhouseRefreshTokenReused": {
        'tokenhouse_token_requests_total{grant_type="refresh_token", verdict="reused"}': "0x50 1x10"
    },
    "TokenhouseCodeReused": {
        'tokenhouse_token_requests_total{grant_type="authorization_code", verdict="reused"}': "0x50 1x10"
    },
    "TokenhouseForgedTokens": {
        'tokenhouse_token_requests_total{grant_type="refresh_token", verdict="forged"}': "0+10x60"
    },
    "TokenhouseTokensFromTheFuture": {
        'tokenhouse_token_requests_total{grant_type="refresh_token", verdict="future"}': "0x50 1x10"
    },
    "TokenhouseManyFailedLogins": {'tokenhouse_logins_total{result="login_failed"}': "0+120x60"},
    "TokenhouseManyUnknownUserCodes": {'tokenhouse_user_codes_total{result="user_code_unknown"}': "0+10x60"},
    "TokenhouseSigningKeyLaggards": {"tokenhouse_signing_key_laggards": "2x60"},
    "TokenhouseStoreNotWritable": {"tokenhouse_store_writable": "1x50 0x10"},
    "TokenhouseDiskFull": {"tokenhouse_store_reserve_held": "1x50 0x10"},
    "TokenhouseDiskFillingUp": {"tokenhouse_store_disk_free_bytes": "50000000000-100000000x60"},
    "TokenhouseStoreErrors": {'tokenhouse_store_errors_total{kind="input_output"}': "0x57 1x3"},
    "TokenhouseSlowCommits": {'tokenhouse_store_commit_duration_seconds_bucket{le="0.1"}': "0+500x60"},
    "TokenhouseClockDrift": {"tokenhouse_clock_drift_seconds": "-90x60"},
    "TokenhouseClockUnconfirmed": {"tokenhouse_clock_unconfirmed": "1x60"},
    "TokenhouseFileDescriptors": {'process_open_fds{job="core", instance="a"}': "1000x60"},
}


def test_alerts(tmp_path: Path, figures: Figures) -> None:
    """README, Metrics: each of the alerts after an hour of what it is for, and none after an hour of the usual."""
    promtool = find_program("promtool", package="prometheus", folder="usr/bin")
    # A year passes for no made series.
    names = {rule["alert"] for rule in alert_rules()} - {"TokenhouseOldSigningKey"}
    assert names == set(_MATTERS)
    cases = [_case(matter, {name}) for name, matter in _MATTERS.items()] + [_case({}, set())]
    file = tmp_path / "alerts.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": cases}))

    checked = subprocess.run([promtool, "check", "rules", str(RULES)], capture_output=True, text=True, check=False)
    tested = subprocess.run([promtool, "test", "rules", str(file)], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert tested.returncode == 0, tested.stdout + tested.stderr
    figures(f"{len(names)} alerts fire on what they are for alone")


def _case(matter: dict[str, str | None], fires: set[str]) -> dict[str, object]:
    series = {**_USUAL, **matter}
    firing = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(fires)]
    question = 'count by (alertname) (ALERTS{alertstate="firing"})'
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items() if values],
        "promql_expr_test": [{"expr": question, "eval_time": "59m", "exp_samples": firing}],
    }
