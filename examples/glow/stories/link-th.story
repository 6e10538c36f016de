# Thai: the shop page, and a word two hours later.
story: link, in Thai
workspace: ../workspace.json

2026-03-21 10:00  mint comments on v46: ขอพิกัด
                  fired link-th
                  public: ส่งรายละเอียดให้ในข้อความแล้วค่ะ
                  card: shop: นี่ค่ะลิงก์ร้าน กดตะกร้าได้เลย 🛒
      +3h         clock
                  bot: ติดตรงไหนพิมพ์ถามได้นะคะ
                  state: waiting
