# Greetings are answered once: a second comment is not the first.
story: newcomers
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: hello
                  fired hello-all
                  public: Hello and welcome 💕
                  bot: Hi, this is Glow Cosmetics. What can we do for you? [See products] [Offers] [Talk to us]
      +1d1m       jess comments on v46: hello
                  state: waiting
                  state: closed (expired)
                  trigger hello-all: no_match
      +1m         mint comments on v46: สวยจัง
                  nothing
      +1m         mint comments on v46: สวัสดีค่ะ
                  trigger hello-th: no_match
      +1m         nok22 comments on v46: สวัสดีค่ะ
                  fired hello-th
                  public: สวัสดีค่ะ 💕
                  bot: สวัสดีค่ะ Glow Cosmetics ยินดีช่วยเรื่องไหนดีคะ [ดูสินค้า] [โปรโมชั่น] [คุยกับแอดมิน]
# A greeting is answered in its language.
      +1m         vy comments on v46: Chao shop ạ 🥰
                  fired hello-vi
                  public: Shop chào mình ạ 💕
                  bot: Chào mình, Glow Cosmetics giúp gì được ạ? [Xem sản phẩm] [Khuyến mãi] [Gặp nhân viên]
      +1m         tika comments on v46: Halo kakkk
                  fired hello-id
                  public: Halo kak 💕
                  bot: Halo kak, Glow Cosmetics bisa bantu apa? [Lihat produk] [Promo] [Chat admin]
