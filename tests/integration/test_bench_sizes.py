"""The benchmarks of cache, pool and queries run from end to end; what they find here is of no interest."""

from itertools import product

from benchmarks import cache, pool, queries
from tests.support.pgbouncer import PROGRAM

FEW = ["--rounds", "1", "--seconds", "0.01"]
OF_CACHE = "--without-peers --callers 20 --processes 2 --callers-of-process 10 --entries 50"


async def test_the_cache_is_measured_in_every_row() -> None:
    sizes = ["--reads", "1000", "--keys", "200", "--frozen-seconds", "3"]
    found = await cache.measured(cache.asked_for([*FEW, *OF_CACHE.split(), *sizes]))
    assert {
        *("l1_hit_cpu_us", "dict_over_ours_l1_hit", "miss_cpu_us", "dict_over_ours_miss_cpu"),
        *("l2_hit_wall_us", "redis_py_over_ours_l2_hit_cpu", "raw_socket_over_ours_l2_hit_wall"),
        *("l2_hit_64_at_once_cpu_us", "redis_py_over_ours_miss_redis_cpu"),
        *("outdate_50_wall_us", "redis_py_over_ours_outdate_50_wall", "frozen_answer_1_ms"),
        *("hit_rate_percent", "hit_rate_best_possible_percent", "layers_l1_hit_percent_of_all"),
        *("layers_l2_hit_percent_of_reached", "layers_combined_hit_percent_of_all", "layers_l2_bytes"),
        *("layers_l1_average_ms", "layers_l2_average_ms", "layers_truth_average_ms", "layers_l1_bytes"),
    } - found.keys() == set()
    assert found["stampede_of_20_loader_calls"] == 1
    assert found["stampede_redis_of_20_loader_calls"] == 1
    assert found["cold_2_processes_of_10_loader_calls_most"] == 1
    assert found["frozen_answers_of_20"] == 20


async def test_the_pool_is_measured_in_every_row(url: str) -> None:
    sizes = ["--rows", "500", "--open-seconds", "0.05", "--clients", "40"]
    found = await pool.measured(url, pool.asked_for([*FEW, *sizes, "--without-peers"]))
    costs = product(("acquire", "transaction"), (1, 16, 64, 500), ("wall", "cpu"))
    waits = product((50, 95, 99), (60, 90))
    shares = ("utilization_percent", "timeout_percent", "efficiency_percent", "acquisition_p50_ms")
    of_pools = product(("pool", "naive_pool"), ("size", "overflow", *shares))
    assert {
        *(f"{row}_{at_once}_at_once_{unit}_us" for row, at_once, unit in costs),
        *(f"wait_p{percent}_at_{share}_percent_ms" for percent, share in waits),
        *(f"{whose}_{row}" for whose, row in of_pools),
        *("connect_each_over_ours_transaction_16_at_once_wall", "connect_each_500_at_once_refused_percent"),
        *("held_connection_over_ours_transaction_1_at_once_cpu", "prepared_point_read_limit_wall_us"),
    } - found.keys() == set()
    assert found.get("pgbouncer_40_clients_errors_percent", None if PROGRAM else 0) == 0


async def test_the_queries_are_measured_in_every_row(url: str) -> None:
    found = await queries.measured(url, queries.asked_for([*FEW, "--rows", "3000", "--suppliers", "60"]))
    rows = ("simple", "join", "aggregate", "aggregate_of_run", "complex", "report")
    whole = product((*rows, "insert"), ("ms", "naive_ms", "buffers", "naive_buffers"))
    others = ("copy", "executemany", "insertmanyvalues")
    assert {
        *(f"{row}_{figure}" for row, figure in whole),
        *(f"naive_over_ours_{row}" for row in (*rows, "insert", "report_kept")),
        *(f"{row}_limit_{figure}" for row, figure in product(rows, ("ms", "buffers"))),
        *(f"{other}_over_ours_insert" for other in others),
        *("report_over_group_by", "simple_64_at_once_ms", "rollup_rows"),
    } - found.keys() == set()
