"""Each person's first page, and the way from it to what they came for."""

import re
from io import BytesIO

from PIL import Image
from playwright.sync_api import Page, expect


def drawn(page: Page) -> None:
    """The map has drawn itself."""
    page.wait_for_selector("[data-map][data-ready]")


def photo() -> dict[str, object]:
    """A small picture, as a phone would send it."""
    picture = BytesIO()
    Image.effect_noise((320, 240), 80).convert("RGB").save(picture, "JPEG")
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}


def do(page: Page, title: str, *, with_photo: bool = False, **fields: str) -> None:
    """Make a move on the page of a case."""
    act = page.locator(".act", has=page.locator(f"summary:text-is('{title}')"))
    if act.get_attribute("open") is None:
        act.locator("summary").click()
    for name, value in fields.items():
        control = act.locator(f"[name={name}]").first
        if control.evaluate("node => node.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    if with_photo:
        act.locator("input[type=file]").set_input_files(photo())
    act.locator("button").click()
    expect(page.locator(".toasts .note.good")).to_be_visible()


def test_a_supervisor_sees_the_day_and_carries_a_new_case_to_its_close(city, visit):
    page = visit(city, "jianguan")
    expect(page.locator("h1")).to_have_text("运行总览")
    drawn(page)
    expect(page.locator(".a-new tbody tr").first).to_be_visible()

    page.click("text=登记案件")
    drawn(page)
    page.type("#class_words", "垃圾")
    page.locator("#classes label").first.click()
    page.fill("[name=description]", "人行道上有成堆垃圾。")
    page.fill("[name=address]", "解放路 1 号")
    box = page.locator("[data-map]").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("[name=longitude]")).not_to_have_value("")
    expect(page.locator("#place .mono").first).to_be_visible()
    page.click("#register .btn-p")
    expect(page.locator(".toasts .note.good")).to_contain_text("核实")
    address = page.url

    do(page, "核实反馈", opinion="属实。", with_photo=True)
    do(page, "立案")
    department = page.locator("#id_dispatch_duty_org option", has_text="市政设施管理中心").first.get_attribute("value")
    do(page, "派遣", duty_org=department)

    worker = visit(city, "chuzhi")
    worker.goto(address)
    do(worker, "签收")
    do(worker, "处置反馈", opinion="已清走。", with_photo=True)

    page.goto(address)
    do(page, "核查下发")
    do(page, "核查通过", with_photo=True)
    do(page, "结案")
    expect(page.locator(".stg .done")).to_have_count(7)
    assert page.locator(".tline > li").count() == 10


def test_a_form_with_faults_says_them_at_the_fields_and_keeps_what_was_written(city, visit):
    page = visit(city, "jianguan")
    page.goto("/desk/register/")
    page.fill("[name=description]", "没有选类别")
    page.fill("[name=address]", "某处")
    page.fill("[name=longitude]", "30.25")
    page.fill("[name=latitude]", "89")
    page.evaluate("document.querySelector('#register').noValidate = true")
    page.click("#register .btn-p")
    expect(page.locator("#class_error")).to_be_visible()
    expect(page.locator("[name=description]")).to_have_value("没有选类别")


def test_the_list_is_narrowed_walked_by_keys_and_its_address_can_be_sent(city, visit):
    page = visit(city, "jianguan")
    page.goto("/cases/")
    drawn(page)
    page.select_option("[name=state]", "80")
    page.wait_for_url("**state=80**")
    expect(page.locator("#results tbody tr").first.locator(".c-state")).to_have_text("已结案")
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/3301*/")
    expect(page.locator(".stg .done")).to_have_count(7)


def test_heads_order_a_list_the_filter_keeps_the_order_and_who_is_signed_out_is_asked_to_sign_in(city, visit):
    page = visit(city, "jianguan")
    page.goto("/cases/")
    drawn(page)
    page.click("#sort-number")
    page.wait_for_url("**order=number**")
    expect(page.locator("th[aria-sort=ascending] #sort-number")).to_be_focused()
    page.select_option("[name=state]", "80")
    page.wait_for_url("**state=80**")
    assert "order=number" in page.url
    expect(page.locator("#views a").first).to_have_attribute("href", re.compile("state=80.*order=number"))
    page.go_back()
    page.wait_for_url("**/cases/?order=number")
    drawn(page)
    page.context.clear_cookies()
    page.click("#sort-class")
    page.wait_for_url("**/sign-in/**")


def test_an_inspector_sees_the_cities_side_by_side_and_only_the_own_ones(province, visit):
    page = visit(province, "ducha")
    expect(page.locator(".a-tab tbody th").first).to_have_text("杭州市")
    drawn(page)
    page.goto("/cities/")
    expect(page.locator(".a-tab tbody tr")).to_have_count(2)
    page.goto("/cities/?by=figures")
    page.click(".a-tab tbody a:text-is('宁波市')")
    expect(page.locator("h1")).to_have_text("宁波市")
    page.click("text=该市案件")
    page.locator("#results tbody a.num").first.click()
    expect(page.locator(".a-do")).to_contain_text("只能查看")
    assert page.goto("/cities/320100000000/").status == 404


def test_an_evaluator_opens_a_figure_down_to_the_case(nation, visit):
    page = visit(nation, "pingjia")
    page.locator(".a-now tbody tr", has_text="杭州市").locator("a.num").nth(2).click()
    page.wait_for_url("**/figures/**")
    page.locator("a[href*='/records/']").first.click()
    page.locator("a[href*='/cases/3301']").first.click()
    expect(page.locator(".tline li").first).to_contain_text("上报")


def test_a_wrong_password_is_told_and_the_language_can_be_changed(city, visit):
    page = visit(city)
    page.goto("/cases/")
    assert "/sign-in/" in page.url
    page.fill("input[name=username]", "jianguan")
    page.fill("input[name=password]", "wrong-wrong-wrong")
    page.click("form.fm button")
    expect(page.locator("[role=alert]").first).to_be_visible()
    page.click("button[name=language][value=en]")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_wall_fits_its_screen(city, visit):
    page = visit(city, "jianguan", width=1920)
    page.goto("/wall/")
    drawn(page)
    size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert size == [1920, 1080]
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('.wl *')].filter(n => n.offsetParent && n.children.length === 0 "
        "&& n.textContent.trim() && !n.closest('.visually-hidden'))"
        ".map(n => parseFloat(getComputedStyle(n).fontSize)))"
    )
    assert smallest >= 16
