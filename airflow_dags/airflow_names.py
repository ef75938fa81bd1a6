"""Import names that newer Airflow releases have moved: also available on the 3.0 that AWS runs."""

try:
    from airflow.sdk import BaseBranchOperator, BaseHook
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
except ImportError:
    from airflow.exceptions import AirflowFailException, AirflowSkipException
    from airflow.hooks.base import BaseHook
    from airflow.providers.standard.operators.branch import BaseBranchOperator

__all__ = [
    "AirflowFailException",
    "AirflowSkipException",
    "BaseBranchOperator",
    "BaseHook",
]
