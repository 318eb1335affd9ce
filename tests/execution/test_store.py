from concurrent.futures import ThreadPoolExecutor

import pandas as pd

from bitsperfact.execution import ShardStore


def test_many_writers_of_one_key_leave_one_whole_file(tmp_path):
    table = pd.DataFrame({"x": range(5000), "text": [str(i) for i in range(5000)]})
    store = ShardStore(tmp_path / "many")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: store.write("shard", table), range(64)))
    ShardStore(tmp_path / "one").write("shard", table)
    assert [path.name for path in store.folder.iterdir()] == ["shard.parquet"]
    assert store.path("shard").read_bytes() == (tmp_path / "one" / "shard.parquet").read_bytes()
