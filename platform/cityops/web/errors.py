"""Error pages: what happened, why, and where to go; the same sentences as the API's problem answers."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from cityops.foundation.errors import CityOpsError
from cityops.foundation.problem import plain_problem

CODES = {
    400: "bad_request",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    500: "server_error",
}
MACHINES = ("/api/", "/sync/", "/healthz", "/readyz", "/metrics")
"""Problem codes of errors that no API view answered; addresses where no person reads the answer."""


def page(request: HttpRequest, status: int, title: str, detail: str, remedy: str = "") -> HttpResponse:
    """An error page; where machines ask, the same as problem+json."""
    if request.path.startswith(MACHINES):
        return plain_problem(status, CODES.get(status, "error"), title, detail)
    facts = {
        "status": status,
        "title": title,
        "detail": detail,
        "remedy": remedy,
        "request_id": getattr(request, "request_id", "") if status >= 500 else "",
    }
    return render(request, "web/error.html", facts, status=status)


def refused(request: HttpRequest, error: CityOpsError) -> HttpResponse:
    """The page for something the platform refuses on purpose."""
    return page(request, error.status, str(error.title), error.detail)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return page(request, 400, _("请求有误"), _("浏览器发来的内容无法读懂。"), _("请返回上一页重试。"))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    detail = str(exception) if exception and str(exception) else _("您的角色没有这一页或这项操作的权限。")
    return page(request, 403, _("没有权限"), detail, _("需要时请本单位系统管理员调整角色。"))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: what a person may not see is not there either, so the page does not tell the two apart."""
    return page(request, 404, _("没有找到"), _("地址有误、内容已移走，或者不在您的可见范围内。"))


def not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    """405, as when the address of a button is opened as a page; ``allowed`` names the methods that are taken."""
    detail = _("这一地址不能用这种方式打开，通常是因为直接访问了按钮的地址。")
    answer = page(request, 405, _("不支持的访问方式"), detail, _("请回到上一页，用页面上的按钮操作。"))
    answer.headers["Allow"] = allowed
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    """500; where even the page cannot be drawn (no database), the bare sentence."""
    title, detail = _("系统出错了"), _("这一次没有完成，已经记入日志；填写的内容没有保存。")
    try:
        return page(request, 500, title, detail)
    except Exception:
        return HttpResponse(f"{title}。{detail}", status=500, content_type="text/plain; charset=utf-8")


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 of a form whose token does not fit (an old page, another sign-in)."""
    return page(
        request, 403, _("页面已过期"), _("表单的校验码不符，内容没有提交。"), _("请返回上一页、刷新后再提交一次。")
    )
