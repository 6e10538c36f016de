# Vietnamese: a code, and a reminder a day later.
story: campaign, in Vietnamese
workspace: ../workspace.json

2026-03-21 10:00  linhchi comments on v43: đặt trước
                  fired launch-vi
                  public: Shop gửi mã ra mắt rồi ạ ✨
                  bot: Mã của linhchi là GLOW15, giảm 15% đến hết tuần ạ.
                  card: p_glow_serum: Mình bấm vào đây để đặt nhé.
      +24h        clock
                  bot: Mã GLOW15 sắp hết hạn rồi ạ.
                  state: waiting
